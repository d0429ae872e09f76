//! HTTPS: the certificate, and what tells its clients from those of HTTP.

use crate::settings::TlsSettings;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto};
use tokio_rustls::{Accept, TlsAcceptor};

/// The first byte of every TLS connection: a record that carries a handshake.
const HANDSHAKE: u8 = 22;

/// A certificate and its key, ready to be used.
pub(super) struct Tls(TlsAcceptor);

impl Tls {
    /// What the settings name; `None` where they name nothing.
    ///
    /// # Errors
    /// In one sentence, which file cannot be used, and why.
    pub(super) fn new(settings: &TlsSettings) -> Result<Option<Self>, String> {
        let (Some(certificate), Some(key)) = (&settings.tls_cert, &settings.tls_key) else {
            return Ok(None);
        };
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable("--tls-cert", certificate, "certificate", &error))?;
        if chain.is_empty() {
            let error = pem::Error::NoItemsFound;
            return Err(unusable("--tls-cert", certificate, "certificate", &error));
        }
        let private = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| unusable("--tls-key", key, "private key", &error))?;
        let provider = Arc::new(crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|error| {
                let (certificate, key) = (certificate.display(), key.display());
                match error {
                    rustls::Error::InconsistentKeys(_) => {
                        format!("the key in {key} is not that of the certificate in {certificate}")
                    }
                    other => format!("{certificate} and {key} cannot be used for TLS: {other}"),
                }
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self(TlsAcceptor::from(Arc::new(config)))))
    }

    /// Whether a connection that begins with this byte is one of TLS.
    pub(super) fn is_encrypted(&self, first: u8) -> bool {
        first == HANDSHAKE
    }

    /// Shakes hands with a client.
    pub(super) fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Accept<S> {
        self.0.accept(stream)
    }
}

fn unusable(flag: &str, file: &Path, what: &str, error: &pem::Error) -> String {
    let file = file.display();
    match error {
        pem::Error::NoItemsFound => format!("{flag}: there is no {what} in PEM in {file}"),
        pem::Error::Io(error) => format!("{flag}: cannot read {file}: {error}"),
        other => format!("{flag}: {file} is not PEM as it should be: {other}"),
    }
}
