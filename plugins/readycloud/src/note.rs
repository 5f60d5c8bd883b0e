//! Notes of an order.

use serde::Serialize;
use transload_model as model;

use crate::format::Time;

/// A note. `agent` is documented as nullable and otherwise undescribed.
#[derive(Serialize)]
pub(crate) struct Note {
    agent: (),
    author: Option<Author>,
    content: String,
    created_at: Option<Time>,
    updated_at: Option<Time>,
    url: Option<String>,
}

#[derive(Serialize)]
struct Author {
    email: Option<String>,
    name: Option<String>,
    system: bool,
}

impl From<model::Note> for Note {
    fn from(note: model::Note) -> Self {
        let author = |model::NoteAuthor { name, email, system }| Author { email, name, system };
        Self {
            agent: (),
            author: note.author.map(author),
            content: note.content,
            created_at: note.created_at.map(Time::from),
            updated_at: note.updated_at.map(Time::from),
            url: note.url,
        }
    }
}
