//! A webhook's settings against the schema of its plugin.

use jsonschema::PatternOptions;
use serde_json::Value;
use transload_domain::{Profile, limits::SETTINGS_BYTES_MAX};

use crate::{pointer::Pointer, problem::InputError};

/// Faults of settings that are told.
const FAULTS_TOLD_MAX: usize = 20;

/// Why settings cannot be judged: the plugin's schema is none. That is the plugin's fault, not the caller's.
#[derive(Debug, thiserror::Error)]
#[error("the settings schema of plugin {plugin} cannot be used: {reason}")]
pub(super) struct BadSchema {
    plugin: String,
    reason: String,
}

/// All that is wrong with the settings, which are JSON text, by the plugin's schema.
///
/// # Errors
/// When the plugin's schema is none.
pub(super) fn faults(profile: &Profile, settings: &str) -> Result<Vec<InputError>, BadSchema> {
    let at = Pointer::root().member("settings");
    let one = |detail: String| Ok(vec![InputError::new(at.clone(), detail)]);
    if settings.len() > SETTINGS_BYTES_MAX {
        return one(format!("settings have at most {SETTINGS_BYTES_MAX} bytes"));
    }
    let settings: Value = match serde_json::from_str(settings) {
        Ok(settings) => settings,
        Err(error) => return one(format!("settings are not sound JSON: {error}")),
    };
    if !settings.is_object() {
        return one("settings are a JSON object".to_owned());
    }
    let Some(schema) = &profile.settings_schema else { return Ok(Vec::new()) };
    let bad = |reason: String| BadSchema { plugin: profile.name.to_string(), reason };
    let schema: Value = serde_json::from_str(schema).map_err(|error| bad(error.to_string()))?;
    // The schema is a plugin's and the text a caller's: no backtracking that either could make endless.
    let validator = jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .map_err(|error| bad(error.masked().to_string()))?;
    let found = validator.iter_errors(&settings).take(FAULTS_TOLD_MAX).map(|error| {
        let pointer = at.then(error.instance_path().as_str());
        // Masked, because a setting may be a secret.
        InputError::new(pointer, error.masked_with("this").to_string())
    });
    Ok(found.collect())
}
