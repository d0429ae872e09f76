//! Files made in the page: a chart as SVG or PNG.

use crate::dom::{document, window};
use filature_charts::Chart;
use wasm_bindgen::prelude::*;
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement,
    HtmlImageElement, Url,
};

/// How many pixels of a PNG stand for one of the chart.
const PNG_SCALE: f64 = 2.0;

/// Offers a chart as an SVG file.
pub fn svg(name: &str, chart: &Chart) {
    // A browser that cannot make a file of a text has no other way to offer it.
    let _ = blob(&chart.svg).and_then(|blob| offer(&blob, &format!("{name}.svg")));
}

/// Offers a chart as a PNG file, drawn by the browser from its SVG.
pub fn png(name: &str, chart: &Chart) {
    let _ = draw(name, chart);
}

fn draw(name: &str, chart: &Chart) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(&blob(&chart.svg)?)?;
    let image = HtmlImageElement::new()?;
    let (width, height) = (chart.width * PNG_SCALE, chart.height * PNG_SCALE);
    let (source, file, drawn_url) = (image.clone(), format!("{name}.png"), url.clone());
    let loaded = Closure::once_into_js(move || {
        let _ = paint(&source, width, height, file);
        let _ = Url::revoke_object_url(&drawn_url);
    });
    image.set_onload(Some(loaded.unchecked_ref()));
    image.set_src(&url);
    Ok(())
}

fn paint(image: &HtmlImageElement, width: f64, height: f64, file: String) -> Result<(), JsValue> {
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.dyn_into()?;
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas.get_context("2d")?.ok_or("no canvas")?;
    let context: CanvasRenderingContext2d = context.dyn_into()?;
    context.draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, width, height)?;
    let done = Closure::once_into_js(move |blob: Option<Blob>| {
        if let Some(blob) = blob {
            let _ = offer(&blob, &file);
        }
    });
    canvas.to_blob(done.unchecked_ref())
}

fn blob(text: &str) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("image/svg+xml");
    Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&text.into()), &options)
}

fn offer(blob: &Blob, file: &str) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(file);
    link.click();
    // The click has begun the download only when this turn of the event loop is over.
    let revoke = Closure::once_into_js(move || Url::revoke_object_url(&url));
    let later = window()
        .set_timeout_with_callback_and_timeout_and_arguments_0(revoke.unchecked_ref(), 1_000);
    later.map(drop)
}
