//! [`Terms`]: on which terms a PolicyException counts: for which of Argo CD's projects and
//! applications, on whose word, and until when. They are annotations, so that the document stays
//! one that Kyverno takes; Kyverno's own commands (`apply`, `test`) do not look at them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{Application, Term};
use crate::document::{Str, wildcard};

use super::api::meta::TextMap;

/// What our annotations begin with.
const PREFIX: &str = "rendergate.dev/";

const PROJECTS: &str = "rendergate.dev/projects";
const APPLICATIONS: &str = "rendergate.dev/applications";
const OWNER: &str = "rendergate.dev/owner";
const REASON: &str = "rendergate.dev/reason";
const EXPIRES: &str = "rendergate.dev/expires";

/// The annotations there are. Another one with our prefix is an error: a misspelt `expires` would
/// be an exception without end.
const KNOWN: [&str; 5] = [PROJECTS, APPLICATIONS, OWNER, REASON, EXPIRES];

/// On which terms an exception counts. The default ones are Kyverno's: everywhere and for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Argo CD projects, with wildcards; empty: every project.
    pub projects: Vec<Str>,
    /// Applications by their instance name (`ARGOCD_APP_NAME`), with wildcards; empty: every one.
    pub applications: Vec<Str>,
    /// Who answers for it; may be empty.
    pub owner: Str,
    /// Why it is there; may be empty.
    pub reason: Str,
    /// When it ends.
    pub expires: Option<Expiry>,
}

/// When an exception ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// As it is written: what people are told.
    pub written: Str,
    /// The first nanosecond since the epoch at which it does not count.
    pub end: i128,
}

/// A term that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsError {
    /// The annotation.
    pub annotation: Str,
    /// What is wrong with it.
    pub message: String,
}

/// How an exception stands for one application at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'t> {
    /// It counts.
    Counts,
    /// It is for other projects or applications.
    Elsewhere,
    /// It has ended.
    Expired(&'t Expiry),
    /// The operator asks for a term that it lacks.
    Lacks(Term),
}

impl Terms {
    /// Reads the terms out of annotations.
    ///
    /// # Errors
    /// For an annotation of ours that does not exist, is empty, or holds no date where there must be one.
    pub fn read(annotations: &TextMap) -> Result<Self, TermsError> {
        let ours = annotations.keys().find(|key| key.starts_with(PREFIX) && !KNOWN.contains(&key.as_str()));
        if let Some(unknown) = ours {
            let known = KNOWN.join(", ");
            return Err(TermsError {
                annotation: unknown.clone(),
                message: format!("annotation {unknown} of a PolicyException means nothing: there are {known}"),
            });
        }
        let text = |key: &str| match annotations.get(key).map(|value| value.trim()) {
            Some("") => Err(error(key, "is empty")),
            Some(text) => Ok(Str::from(text)),
            None => Ok(Str::default()),
        };
        let list = |key: &str| {
            let text = text(key)?;
            let names: Vec<Str> = text.split(',').map(|name| Str::from(name.trim())).collect();
            match (text.is_empty(), names.iter().any(Str::is_empty)) {
                (true, _) => Ok(Vec::new()),
                (false, true) => Err(error(key, "names nothing between two commas")),
                (false, false) => Ok(names),
            }
        };
        let expires = text(EXPIRES)?;
        Ok(Self {
            projects: list(PROJECTS)?,
            applications: list(APPLICATIONS)?,
            owner: text(OWNER)?,
            reason: text(REASON)?,
            expires: if expires.is_empty() { None } else { Some(Expiry::read(&expires)?) },
        })
    }

    /// Terms on which nothing is excused: those of an exception whose own cannot be read.
    #[must_use]
    pub fn never() -> Self {
        let expires = Some(Expiry { written: "a date that cannot be read".into(), end: i128::MIN });
        Self { expires, ..Self::default() }
    }

    /// How the exception stands for `application` at `now` (nanoseconds since the epoch), where the
    /// operator asks for the terms `required`. What is not known of the application is no match.
    #[must_use]
    pub fn standing(&self, application: &Application, now: i128, required: &[Term]) -> Standing<'_> {
        if !holds(&self.projects, application.project.as_deref())
            || !holds(&self.applications, application.name.as_deref())
        {
            return Standing::Elsewhere;
        }
        if let Some(expiry) = self.expires.as_ref().filter(|expiry| now >= expiry.end) {
            return Standing::Expired(expiry);
        }
        let lacks = |term: &&Term| match term {
            Term::Owner => self.owner.is_empty(),
            Term::Reason => self.reason.is_empty(),
            Term::Expires => self.expires.is_none(),
        };
        required.iter().find(lacks).map_or(Standing::Counts, |term| Standing::Lacks(*term))
    }

    /// When it ends, if that is no further than `notice` from `now`.
    #[must_use]
    pub fn ends_within(&self, now: i128, notice: Duration) -> Option<&Expiry> {
        let notice = i128::try_from(notice.as_nanos()).unwrap_or(i128::MAX);
        self.expires.as_ref().filter(|expiry| expiry.end.saturating_sub(now) <= notice)
    }
}

impl Expiry {
    /// A day (`2026-12-31`: it counts until that day is over in UTC) or a time with its zone.
    fn read(text: &Str) -> Result<Self, TermsError> {
        let day = || -> Option<Timestamp> {
            let day: Date = (text.len() == "2026-12-31".len()).then(|| text.parse().ok())??;
            Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        let end = day().or_else(|| text.parse().ok()).ok_or_else(|| {
            error(EXPIRES, "is neither a day such as 2026-12-31 nor a time such as 2026-12-31T12:00:00Z")
        })?;
        Ok(Self { written: text.clone(), end: end.as_nanosecond() })
    }
}

fn holds(patterns: &[Str], value: Option<&str>) -> bool {
    patterns.is_empty() || value.is_some_and(|value| patterns.iter().any(|p| wildcard::matches(p, value)))
}

fn error(annotation: &str, what: &str) -> TermsError {
    TermsError { annotation: annotation.into(), message: format!("annotation {annotation} {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Terms, String> {
        let pairs = pairs.iter().map(|(k, v)| (Str::from(format!("rendergate.dev/{k}")), Str::from(*v)));
        Terms::read(&pairs.collect()).map_err(|e| e.message)
    }

    fn at(text: &str) -> i128 {
        text.parse::<Timestamp>().unwrap().as_nanosecond()
    }

    fn app(project: &str, name: &str) -> Application {
        let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        Application { project: some(project), name: some(name), ..Application::default() }
    }

    #[test]
    fn an_exception_ends_when_its_day_is_over() {
        let terms = read(&[("expires", "2026-12-31")]).unwrap();
        let standing = |text: &str| terms.standing(&app("", ""), at(text), &[]);
        assert_eq!(standing("2026-12-31T23:59:59.999999999Z"), Standing::Counts);
        assert!(matches!(standing("2027-01-01T00:00:00Z"), Standing::Expired(e) if e.written == "2026-12-31"));
        let terms = read(&[("expires", "2026-12-31T12:00:00+02:00")]).unwrap();
        assert_eq!(terms.expires.unwrap().end, at("2026-12-31T10:00:00Z"));
        assert!(matches!(Terms::never().standing(&app("", ""), i128::MIN, &[]), Standing::Expired(_)));
    }

    #[test]
    fn an_exception_counts_for_its_projects_and_applications_only() {
        let terms = read(&[("projects", "payments, shop-*"), ("applications", "web")]).unwrap();
        let counts = |project: &str, name: &str| terms.standing(&app(project, name), 0, &[]) == Standing::Counts;
        assert!(counts("payments", "web") && counts("shop-eu", "web"));
        assert!(!counts("shop", "web") && !counts("payments", "api"));
        assert!(!counts("", "web") && !counts("payments", ""), "what is not known is no match");
        assert_eq!(Terms::default().standing(&app("", ""), i128::MAX, &[]), Standing::Counts);
    }

    #[test]
    fn an_operator_may_ask_for_terms() {
        let all = [Term::Owner, Term::Reason, Term::Expires];
        let lacking = |pairs: &[(&str, &str)]| match read(pairs).unwrap().standing(&app("", ""), 0, &all) {
            Standing::Lacks(term) => Some(term),
            _ => None,
        };
        assert_eq!(lacking(&[("reason", "r"), ("expires", "2030-01-01")]), Some(Term::Owner));
        assert_eq!(lacking(&[("owner", "o"), ("expires", "2030-01-01")]), Some(Term::Reason));
        assert_eq!(lacking(&[("owner", "o"), ("reason", "r")]), Some(Term::Expires));
        assert_eq!(lacking(&[("owner", "o"), ("reason", "r"), ("expires", "2030-01-01")]), None);
    }

    #[test]
    fn a_term_that_cannot_be_read_is_an_error_not_an_exception_without_end() {
        for (pair, expected) in [
            (("expire", "2026-12-31"), "annotation rendergate.dev/expire of a PolicyException means nothing"),
            (("expires", "soon"), "annotation rendergate.dev/expires is neither a day"),
            (("expires", "2026-12-31T12:00:00"), "annotation rendergate.dev/expires is neither a day"),
            (("expires", "2026-02-30"), "annotation rendergate.dev/expires is neither a day"),
            (("projects", ""), "annotation rendergate.dev/projects is empty"),
            (("applications", "a,,b"), "annotation rendergate.dev/applications names nothing"),
        ] {
            let error = read(&[pair]).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
