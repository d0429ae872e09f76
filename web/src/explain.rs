//! Words that explain themselves: terms with a dotted underline, and the one
//! floating note that tells what they mean on hover, focus and tap.

use crate::dom::{El, classed, listen, window};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

/// A word and what it means, together with how the figure is obtained.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// The word as it stands on the page.
    pub word: &'static str,
    /// What it means and how it is obtained.
    pub meaning: &'static str,
}

/// Declares terms, one line each.
macro_rules! terms {
    ($( $name:ident = $word:literal: $meaning:literal; )+) => {
        $( #[doc = $word] pub const $name: Term = Term { word: $word, meaning: $meaning }; )+
        /// Every term.
        pub const ALL: &[Term] = &[$($name),+];
    };
}

terms! {
    MEDIAN = "Median": "The middle one of all samples of wall-clock time: half are shorter, half are longer. One odd sample does not move it, as it would move a mean. The time runs from just before the body is called until just after it returns.";
    INTERVAL = "95 % interval": "Where the true median probably lies. From a bootstrap: the samples are drawn anew 2 000 times, with replacement, and the middle 95 % of the medians is shown.";
    MAD = "MAD": "Median absolute deviation: half of the samples lie closer to the median than this. A measure of spread that outliers do not move.";
    P10 = "p10": "A tenth of the samples are shorter than this; between two samples it is interpolated.";
    P90 = "p90": "A tenth of the samples are longer than this; between two samples it is interpolated.";
    RANGE = "Fastest, slowest": "The shortest and the longest sample. The shortest is the least disturbed, and the longest shows what can happen.";
    SAMPLES = "Samples": "Timed executions of the body. The native executors take turns, one sample each, and every other round goes backwards, so that a machine that drifts favours none. The browser is measured after them, on its own. Every outcome is checked; a wrong one fails the cell.";
    BATCH = "Batch": "How many executions were timed together as one sample, since a single one is too short for this clock: a sample lasts at least 100 steps of the clock. The figures are for one execution.";
    RATIO = "Against the fastest": "The median divided by the fastest executor's median, with its 95 % bootstrap interval. Called a difference only where the interval stays above 1 and a Mann-Whitney rank test gives p below 0.05; otherwise there is no difference beyond noise.";
    THROUGHPUT = "Throughput": "Operations in one execution divided by its median wall-clock time.";
    PER_OPERATION = "Time per operation": "Median wall-clock time of one execution divided by its operations. With several units at work at once it is not the time that one operation takes.";
    CPU = "CPU time": "Processor time of the whole process in one execution, user and kernel mode together, from getrusage. Above the wall-clock time, several cores were at work. The reading steps are coarse for short executions.";
    VOLUNTARY = "Switches, voluntary": "How often a thread gave up its processor to wait, in one execution, as the kernel counts it (ru_nvcsw). Tasks that yield to each other inside a worker thread do not count.";
    INVOLUNTARY = "Switches, involuntary": "How often the kernel took the processor from a thread that would have gone on (ru_nivcsw).";
    BYTES = "Memory per unit": "Resident memory of the fresh process: the peak of its first execution (VmHWM) over what it held before (VmRSS), both without pages of files such as the program's own code (RssFile), divided by the units. Kernel stacks, about 16 KiB for each thread, and page tables are not in it. Left out where less than 1 MiB was added, since the kernel keeps the peak only to within some 64 KiB per core.";
    PEAK = "Peak memory": "The most that was resident at once in the fresh process during its first execution, without pages of files (VmHWM − RssFile).";
    BASELINE = "Memory before": "What the fresh process held just before its first execution, without pages of files (VmRSS − RssFile): the runtime, above all.";
    NEW_WORKER = "First spawn (new worker)": "From the creation of a Web Worker until its first instruction on the shared memory: the median over the pool, whose workers are started together. It is not part of any sample, since the workers are started before the first one.";
    WARM_WORKER = "Spawn on a warm worker": "From the call of spawn until its caller sees the first instruction of the closure, run by a worker that waits in the pool: the median of several, one at a time.";
    CELL = "cell": "One workload with one set of parameters on one executor: warm-ups first, then the samples. Native cells run in a fresh child process.";
    SWEEP = "Sweep": "One whole-number parameter takes several values in turn; every executor is measured at each of them.";
    WARM_UPS = "Warm-ups": "Executions before the samples that are not counted, so that caches, allocator and runtime are in the state in which they stay. Memory is read in the first.";
    TOKIO_WORKERS = "Tokio workers": "Worker threads of the multi-threaded Tokio runtime. By default one per core that it may use.";
    CORES = "Cores": "How many cores a native cell may use: its process is pinned to the first so many. By default all.";
    TIME_LIMIT = "Seconds per execution": "How long one native execution may take. What takes longer is ended, and its cell fails.";
    OBSERVED = "Observed": "One execution more, after the samples, in which each unit notes when it was spawned, began and ended. The notes cost time, so it is no sample; how long it took against the median says how much. Native executors only: a browser's clock is too coarse.";
    TO_BEGIN = "Spawn to first instruction": "From the call of spawn until the unit's first instruction, in the observed execution: the median of all units, and what 99 of 100 stay below.";
    DISTURBED = "disturbed": "Other programs used 5 % or more of all processor time while this was measured. Run it again on a quiet machine before you trust small differences.";
    ISOLATED = "cross-origin isolated": "A page that shares its process with no other site. Only then is the browser's clock fine (5 µs instead of 100 µs).";
    CONTRACT = "Contract": "What both bodies promise to do alike: the number of spawns, the messages, the primitive. The outcome is checked against it after every sample.";
}

/// A term with its dotted underline.
pub fn term(term: Term) -> El {
    explained(term.word, term.meaning)
}

/// Any text with a dotted underline and an explanation.
pub fn explained(word: &str, meaning: &str) -> El {
    classed("button", "term").attr("type", "button").attr("data-note", meaning).child(word)
}

/// The floating note, and the listeners that show it. It is one for the whole page, so
/// that no scrolling table can clip it.
pub fn note() -> El {
    let note = classed("div", "explanation").attr("role", "tooltip").attr("aria-live", "polite");
    for name in ["mouseover", "focusin", "click"] {
        let note = note.node().clone();
        let over = move |event: Event| match term_at(event.target()) {
            Some(term) => show(&note, &term),
            None => hide(&note),
        };
        listen(&window(), name, Box::new(over));
    }
    for name in ["focusout", "keydown"] {
        let note = note.node().clone();
        let leave = move |event: Event| {
            let key = event.dyn_ref::<web_sys::KeyboardEvent>().map(web_sys::KeyboardEvent::key);
            match key.as_deref() {
                None => hide(&note),
                Some("Escape") if note.class_list().contains("shown") => {
                    hide(&note);
                    event.prevent_default();
                }
                Some(_) => {}
            }
        };
        listen(&window(), name, Box::new(leave));
    }
    note
}

fn show(note: &HtmlElement, term: &Element) {
    note.set_text_content(term.get_attribute("data-note").as_deref());
    note.set_class_name("explanation shown");
    place(note, term);
}

fn hide(note: &HtmlElement) {
    if note.class_list().contains("shown") {
        note.set_class_name("explanation");
        note.set_text_content(None);
    }
}

fn term_at(target: Option<web_sys::EventTarget>) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest("[data-note]").ok().flatten()
}

/// Puts the note under the term, or above it where there is no room below.
fn place(note: &HtmlElement, element: &Element) {
    const GAP: f64 = 8.0;
    let at = element.get_bounding_client_rect();
    let (width, height) = (f64::from(note.offset_width()), f64::from(note.offset_height()));
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|v| v.as_f64());
    let room_x = size(window().inner_width()).unwrap_or(width);
    let room_y = size(window().inner_height()).unwrap_or(height);
    let left = at.left().min(room_x - width - GAP).max(GAP);
    let below = at.bottom() + GAP;
    let top = if below + height > room_y { at.top() - height - GAP } else { below };
    for (property, value) in [("left", left), ("top", top.max(GAP))] {
        // A length in pixels is always a valid value.
        let _ = note.style().set_property(property, &format!("{value:.1}px"));
    }
}
