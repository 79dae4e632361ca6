//! AdmissionReview v1: what the API server sends, and what it is answered (chapter 70 §2 to §4).

mod answer;
mod denial;
mod request;

pub use answer::Answer;
pub use denial::{Findings, denial_text};
pub use request::{AdmissionRequest, AdmissionReview, ReviewError};
