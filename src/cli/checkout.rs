//! Where a checkout on disk begins, and the application's directory in it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::operator::files::why;

use super::disk::Disk;

/// A checkout, and the application's directory in it.
#[derive(Debug)]
pub(super) struct Checkout {
    /// Its files.
    pub(super) files: Disk,
    /// The application's directory, relative to the checkout.
    pub(super) directory: String,
}

impl Checkout {
    /// The checkout that holds `directory`: what is left of it without `source_path` (as Argo CD tells
    /// it), else the nearest directory above with a `.git`, else `directory` itself.
    pub(super) fn open(directory: &Path, source_path: Option<&str>) -> Result<Self, String> {
        let shown = directory.display();
        let real = fs::canonicalize(directory).map_err(|e| format!("{shown}: {}", why(&e)))?;
        if !real.is_dir() {
            return Err(format!("{shown}: not a directory"));
        }
        let root = below(&real, source_path)
            .or_else(|| real.ancestors().find(|a| a.join(".git").exists()).map(Path::to_path_buf))
            .unwrap_or_else(|| real.clone());
        let inside = real.strip_prefix(&root).map_err(|_| format!("{shown}: not inside its checkout"))?;
        let inside = inside.to_str().ok_or_else(|| format!("{shown}: the directory's name is not UTF-8"))?;
        Ok(Self { directory: inside.to_owned(), files: Disk::new(root) })
    }
}

/// `real` without the components of `source_path`, compared one by one.
fn below(real: &Path, source_path: Option<&str>) -> Option<PathBuf> {
    let mut root = real;
    for component in Path::new(source_path?).components().rev() {
        match component {
            Component::Normal(part) if root.file_name() == Some(part) => root = root.parent()?,
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(root.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_begins_above_the_source_path() {
        let real = Path::new("/tmp/uuid/apps/shop");
        assert_eq!(below(real, Some("apps/shop")), Some(PathBuf::from("/tmp/uuid")));
        assert_eq!(below(real, Some("./apps/shop/")), Some(PathBuf::from("/tmp/uuid")));
        assert_eq!(below(real, Some(".")), Some(real.to_path_buf()));
        for other in ["apps/hop", "ps/shop", "../shop", "/tmp/uuid/apps/shop"] {
            assert_eq!(below(real, Some(other)), None, "{other}");
        }
    }
}
