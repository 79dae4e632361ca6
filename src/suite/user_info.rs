//! UserInfo files (chapter 60 §7.4): who asks.

use std::path::Path;

use crate::document::{Str, Value};
use crate::engine::review::UserInfo;

use super::fields::{FieldError, Fields};
use super::files;

/// A UserInfo file.
#[derive(Clone, Debug)]
pub struct UserInfoFile {
    /// What it says.
    pub info: UserInfo,
    /// Whether it lacks `apiVersion` or `kind`: the schema of old.
    pub deprecated: bool,
}

/// Reads a UserInfo file.
///
/// # Errors
/// A text for the user.
pub fn load(path: &Path) -> Result<UserInfoFile, String> {
    let text = files::read_text(path).map_err(|e| e.to_string())?;
    let documents = files::documents(path, &text).map_err(|e| e.to_string())?;
    let document = documents.into_iter().next().map(|d| d.value).unwrap_or_default();
    read(&document).map_err(|e| format!("{}: {e}", path.display()))
}

/// What Kyverno prints about a file of the old schema.
#[must_use]
pub fn deprecation(name: &str) -> String {
    format!("\nWARNING: user infos file ({name}) uses a deprecated schema that will be removed in 1.15\n")
}

fn read(document: &Value) -> Result<UserInfoFile, FieldError> {
    let mut fields = Fields::of(document, "")?;
    let deprecated = fields.text("apiVersion")?.is_empty() | fields.text("kind")?.is_empty();
    fields.take("metadata");
    let roles = fields.texts("roles")?.unwrap_or_default();
    let cluster_roles = fields.texts("clusterRoles")?.unwrap_or_default();
    let mut user = fields.inner("userInfo")?;
    let (username, uid) = (user.text("username")?, user.text("uid")?);
    let groups = user.texts("groups")?.unwrap_or_default();
    let extra = user.entries("extra")?;
    user.finish()?;
    fields.finish()?;
    let mut raw = Value::empty_map();
    if let Some(map) = raw.as_map_mut() {
        let mut put = |key: &str, text: &Str| {
            if !text.is_empty() {
                map.insert(key, Value::String(text.clone()));
            }
        };
        put("username", &username);
        put("uid", &uid);
        if !groups.is_empty() {
            map.insert("groups", Value::list(groups.iter().cloned().map(Value::String).collect()));
        }
        if !extra.is_empty() {
            map.insert("extra", Value::map(extra.into_iter().collect()));
        }
    }
    Ok(UserInfoFile { info: UserInfo { username, uid, groups, raw, roles, cluster_roles }, deprecated })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<UserInfoFile, FieldError> {
        read(&files::documents(Path::new("u.yaml"), text).expect("YAML").remove(0).value)
    }

    #[test]
    fn reads_user_groups_and_roles() {
        let file = parse("clusterRoles: [admin]\nuserInfo: {username: ann, groups: [dev]}\n").expect("user info");
        assert!(file.deprecated);
        assert_eq!(file.info.cluster_roles, ["admin"]);
        assert_eq!(file.info.raw.str_at(&["username"]), Some("ann"));
        assert_eq!(file.info.groups, ["dev"]);
    }

    #[test]
    fn unknown_fields_are_refused() {
        let error = parse("userInfo: {name: ann}").expect_err("unknown");
        assert_eq!(error.to_string(), "userInfo: unknown field \"name\" (known: username, uid, groups, extra)");
    }
}
