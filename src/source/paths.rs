//! Paths as a repository writes them: inside the checkout, or refused.

use super::error::Fault;

/// What `path`, written in a file of `directory`, stands for: a path from the checkout, without `.` and
/// `..`. A leading `/` means the checkout itself where `rooted` says so, as in Argo CD's value files.
///
/// # Errors
/// [`Fault::Remote`] for what a renderer could take for an address, [`Fault::OutsideCheckout`] for what
/// leads out.
pub fn resolve(directory: &str, path: &str, rooted: bool) -> Result<String, Fault> {
    if is_remote(path) {
        return Err(Fault::Remote(format!("'{}'", without_credentials(path))));
    }
    let outside = || Fault::OutsideCheckout(path.to_owned());
    let (base, rest) = match path.strip_prefix('/') {
        Some(rest) if rooted => ("", rest),
        Some(_) => return Err(outside()),
        None => (directory, path),
    };
    let path = within(base, rest).ok_or_else(outside)?;
    if rest.contains('\0') || path.split('/').any(|part| part == ".git") {
        return Err(outside());
    }
    Ok(path)
}

/// `rest` from `base` on, without `.` and `..`; `None` when it climbs out of the checkout.
#[must_use]
pub fn within(base: &str, rest: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|p| !p.is_empty()).collect();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a renderer could take `text` for something to fetch: an address with a scheme, `user@host`,
/// GitHub without a scheme, `git::`, `host//path`. Wider than any renderer's own rule.
#[must_use]
pub fn is_remote(text: &str) -> bool {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let first = lower.split('/').next().unwrap_or_default();
    let scheme = first
        .split_once(':')
        .is_some_and(|(s, _)| s.starts_with(|c: char| c.is_ascii_alphabetic()) && s.chars().all(is_scheme));
    scheme
        || lower.contains("://")
        || first.contains('@')
        || lower.starts_with("github.com/")
        || lower.starts_with("git::")
        || lower.trim_start_matches('/').contains("//")
        || lower.contains("?ref=")
}

fn is_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+.-".contains(c)
}

/// An address without what stands before `@`, and not endlessly long.
fn without_credentials(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(s, r)| (s, r));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let text = if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") };
    // What stands behind a question mark may hold a token.
    text.split(['?', '#']).next().unwrap_or_default().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (directory, path, expected) in [
            ("apps/shop", "base", "apps/shop/base"),
            ("apps/shop", "./../base/", "apps/base"),
            ("apps/shop", "../../x.yaml", "x.yaml"),
            ("apps", "/x.yaml", "x.yaml"),
            ("", ".", ""),
        ] {
            assert_eq!(resolve(directory, path, true), Ok(expected.to_owned()), "{path}");
        }
        for path in ["../../x", "a/../../../x", "/../x", ".git/config", "a/.git"] {
            let outside = Fault::OutsideCheckout(path.to_owned());
            assert_eq!(resolve("apps", path, true), Err(outside), "{path}");
        }
        assert_eq!(resolve("apps", "/x", false), Err(Fault::OutsideCheckout("/x".to_owned())));
    }

    #[test]
    fn addresses_in_every_way_a_renderer_reads_them() {
        for text in [
            "https://example.com/x.yaml",
            "HTTPS://example.com/x.yaml",
            "http:example.com",
            " https://example.com",
            "github.com/org/repo",
            "GitHub.com/org/repo?ref=v1",
            "github.com:org/repo",
            "git@github.com:org/repo.git",
            "org-123@example.com:org/repo",
            "git::https://example.com/x",
            "ssh://git@example.com/x",
            "file:///etc/passwd",
            "oci://registry/chart",
            "example.com/repo//path",
            "example.com/repo?ref=main",
            "s3:bucket/x",
        ] {
            assert!(is_remote(text), "{text}");
            assert!(matches!(resolve("", text, true), Err(Fault::Remote(_))), "{text}");
        }
        for text in ["base", "../base", "/values.yaml", "a/b@2.yaml", "deploy.v1/x", "a/b:c", "./https"] {
            assert!(!is_remote(text), "{text}");
        }
    }

    #[test]
    fn credentials_are_not_repeated() {
        let fault = resolve("", "https://user:s3cret@example.com/x?token=s3cret", true).unwrap_err();
        assert_eq!(fault, Fault::Remote("'https://example.com/x'".to_owned()));
        let fault = resolve("", "s3cret@example.com:org/x", true).unwrap_err();
        assert_eq!(fault, Fault::Remote("'example.com:org/x'".to_owned()));
    }
}
