//! Notes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DateTime;

/// What somebody wrote about something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// What it says.
    pub content: String,
    /// Who wrote it.
    pub author: Option<NoteAuthor>,
    /// When it was written.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
}

/// Who wrote a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteAuthor {
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether a program wrote it. Absent means no.
    #[serde(default)]
    pub system: bool,
}
