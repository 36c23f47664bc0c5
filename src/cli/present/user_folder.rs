//! The folders of a user's own files, by the XDG Base Directory Specification.

use std::path::{Path, PathBuf};

/// Returns the folder that the environment variable `name` names, or `default` in the home
/// directory. `variable` looks up an environment variable. `None` if neither is set.
pub(in crate::cli) fn user_folder(
    name: &str,
    default: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<PathBuf> {
    // A relative path is to be ignored, says the specification.
    let absolute = |path: String| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let own = variable(name).and_then(absolute);
    let home = || ["HOME", "USERPROFILE"].into_iter().find_map(&variable).and_then(absolute);
    own.or_else(|| Some(home()?.join(Path::new(default)))).map(|folder| folder.join("wiretalk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_folder_is_ignored() {
        let found = |set: &[(&str, &str)]| {
            user_folder("XDG_STATE_HOME", ".local/state", |name| {
                set.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let home = std::env::temp_dir().join("home");
        let home = home.to_str().unwrap();
        let default = Path::new(home).join(".local/state/wiretalk");
        assert_eq!(found(&[("HOME", home)]), Some(default.clone()));
        assert_eq!(found(&[("HOME", home), ("XDG_STATE_HOME", "state")]), Some(default));
        let own = found(&[("HOME", "/nowhere"), ("XDG_STATE_HOME", home)]);
        assert_eq!(own, Some(Path::new(home).join("wiretalk")));
        assert_eq!(found(&[]), None);
    }
}
