//! HTTPS: with a certificate of one's own, and without one that works.

use filature_tests::server::Server;
use filature_tests::{filature, text};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A certificate for localhost with its key, as files in a folder.
struct Certificate {
    folder: TempDir,
    roots: RootCertStore,
}

impl Certificate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("cert.pem"), cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        Self { folder, roots }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn serve(&self, data: &Path, more: &[&str]) -> Server {
        let (certificate, key) = (self.path("cert.pem"), self.path("key.pem"));
        let mut arguments = vec!["--tls-cert", &certificate, "--tls-key", &key];
        arguments.extend(more);
        Server::start_in(data, &arguments)
    }

    /// What the server answers to these bytes within TLS.
    fn ask(&self, server: &Server, bytes: &[u8]) -> String {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(server.address()).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // The server may close the socket without the farewell of TLS.
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        String::from_utf8(answer).unwrap()
    }
}

#[test]
fn with_a_certificate_everything_is_served_over_https() {
    let (certificate, data) = (Certificate::new(), tempfile::tempdir().unwrap());
    let server = certificate.serve(data.path(), &[]);
    let answer = certificate
        .ask(&server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"ok\""), "{answer}");
    assert!(!answer.to_lowercase().contains("strict-transport-security"), "{answer}");
    let garbage = certificate.ask(&server, b"\x00\x01\r\n\r\n");
    assert!(garbage.starts_with("HTTP/1.1 400") && garbage.contains("problem+json"), "{garbage}");
}

#[test]
fn plain_http_is_told_to_use_https_and_silence_gets_no_longer_than_without_tls() {
    let (certificate, data) = (Certificate::new(), tempfile::tempdir().unwrap());
    let server = certificate.serve(data.path(), &["--header-time-s", "1"]);
    let answer = server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    assert_eq!(server.raw(b""), "", "nothing at all");
    assert_eq!(server.raw(b"\x16\x03\x01"), "", "the beginning of a handshake");
}

#[test]
fn files_that_cannot_be_used_are_refused_at_the_start() {
    let (certificate, data) = (Certificate::new(), tempfile::tempdir().unwrap());
    let other = Certificate::new();
    fs::write(certificate.path("empty.pem"), "nothing").unwrap();
    let (cert, key) = (certificate.path("cert.pem"), certificate.path("key.pem"));
    let (none, empty) = (certificate.path("none.pem"), certificate.path("empty.pem"));
    for (certificate, key, said) in [
        (&none, &key, "--tls-cert: cannot read"),
        (&cert, &none, "--tls-key: cannot read"),
        (&empty, &key, "there is no certificate in PEM"),
        (&cert, &empty, "there is no private key in PEM"),
        (&key, &key, "there is no certificate in PEM"),
        (&cert, &other.path("key.pem"), "is not that of the certificate"),
    ] {
        let data = data.path().to_str().unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", data];
        let tls = ["--tls-cert", certificate, "--tls-key", key];
        let output = filature(&[&arguments[..], &tls[..]].concat());
        assert_eq!(output.status.code(), Some(1), "{said}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(said) && stderr.lines().count() == 1, "{said}: {stderr}");
    }
}
