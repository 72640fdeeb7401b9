//! Where plug-ins are looked for, where nobody says otherwise.

use std::path::PathBuf;

use agogic_host::{SearchKind, SearchPlace};
use etcetera::BaseStrategy;

/// The user's plug-in folder: `agogic/plugins` in the folder for user data
/// (`$XDG_DATA_HOME`, mostly `~/.local/share`). `None` without a home.
pub fn user_plugin_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.data_dir().join("agogic").join("plugins"))
}

/// The plug-in folders of the system, for all users.
pub fn system_plugin_folders() -> Vec<PathBuf> {
    if cfg!(windows) {
        let shared = std::env::var_os("ProgramData").map(PathBuf::from);
        return shared.map(|folder| folder.join("agogic").join("plugins")).into_iter().collect();
    }
    if cfg!(target_os = "macos") {
        return vec!["/Library/Application Support/agogic/plugins".into()];
    }
    vec!["/usr/local/lib/agogic/plugins".into(), "/usr/lib/agogic/plugins".into()]
}

/// `AGOGIC_PLUGIN_PATH`, then the user's folder, then the system's.
pub(crate) fn default_places() -> Vec<SearchPlace> {
    let named = std::env::var_os("AGOGIC_PLUGIN_PATH").unwrap_or_default();
    let named = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    let user = user_plugin_folder().map(|path| SearchPlace { path, kind: SearchKind::User });
    let system =
        system_plugin_folders().into_iter().map(|path| SearchPlace { path, kind: SearchKind::System });
    self::named(named).into_iter().chain(user).chain(system).collect()
}

/// Places that somebody asked for.
pub(crate) fn named(paths: Vec<PathBuf>) -> Vec<SearchPlace> {
    paths.into_iter().map(|path| SearchPlace { path, kind: SearchKind::Named }).collect()
}
