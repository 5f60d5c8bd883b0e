//! `transload delivery retry`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{access::Access, block_on, output, table::text};

/// Send deliveries again now. One that has its bytes is sent as it is; one without is transformed again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  transload delivery retry --organization acme 0199d0a7-3f1e-8c2a-9a1f-5b0c7d1e2f30

Exit code 1 when one of them could not be asked for.")]
pub(super) struct Args {
    /// The deliveries.
    #[arg(value_name = "ID", required = true, num_args = 1..=1_000)]
    ids: Vec<Uuid>,
    /// Also where it goes out in order and its vendor has a later state of the same subject already.
    #[arg(long)]
    out_of_order: bool,
    #[command(flatten)]
    access: Access,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let json = self.access.json;
        let wanted = json!({ "out_of_order": self.out_of_order });
        let api = self.access.api()?;
        let mut answers = Vec::new();
        let mut failed = false;
        block_on(async {
            for id in &self.ids {
                let answer = api.post(&format!("/v1/deliveries/{id}/retry"), &wanted).await;
                match answer {
                    Ok(answer) if json => answers.push(answer),
                    Ok(answer) => output::line(format_args!("{id}: {}", words(&answer))),
                    Err(error) => {
                        failed = true;
                        output::error(format_args!("{id}: {error:#}"));
                    }
                }
            }
            Ok(())
        })?;
        if json {
            output::json(&answers)?;
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// What the host says will happen.
fn words(answer: &Value) -> String {
    match text(answer, "/detail") {
        words if words.is_empty() => "is sent again".into(),
        words => words,
    }
}
