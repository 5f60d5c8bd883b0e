//! What a module is and what it wants, before anything is compiled.

use transload_domain::limits;
use wasmparser::{Parser, Payload, Validator};

use super::LoadError;

/// The two kinds of module that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As plain `cargo build --target wasm32-unknown-unknown` makes it.
    Core,
    /// A component.
    Component,
}

/// The package of the contract, and the one version that is served.
const PACKAGE: &str = "transload:plugin/";
const VERSION: &str = "@1.0.0";
/// The interfaces that a plugin may import. `types` has no functions; components list it all the same.
const IMPORTS: [&str; 3] = ["log", "state", "types"];
/// The custom section in which `wit-bindgen` leaves the types of a core module.
const TYPES_SECTION: &str = "component-type";

/// Finds out what the bytes are, and refuses what could not run.
pub(super) fn inspect(bytes: &[u8]) -> Result<Kind, LoadError> {
    let kind = kind(bytes)?;
    let surface = Surface::of(bytes)?;
    Validator::new().validate_all(bytes).map_err(|error| LoadError::Invalid(error.to_string()))?;
    surface.imports.iter().try_for_each(check_import)?;
    surface.check_exports(kind)?;
    Ok(kind)
}

fn kind(bytes: &[u8]) -> Result<Kind, LoadError> {
    if bytes.len() > limits::MODULE_BYTES_MAX {
        return Err(LoadError::TooLarge(bytes.len() as u64));
    }
    if bytes.starts_with(b"\x7fELF") {
        return Err(LoadError::Precompiled);
    }
    if !bytes.starts_with(b"\0asm") {
        // What a copy under way has of it so far may be less than that.
        let begun = !bytes.is_empty() && b"\0asm".starts_with(bytes);
        return Err(if begun { LoadError::Truncated(bytes.len()) } else { LoadError::NotWasm });
    }
    match bytes.get(4..8) {
        Some([1, 0, 0, 0]) => Ok(Kind::Core),
        Some([_, 0, 1, 0]) => Ok(Kind::Component),
        Some(other) => Err(LoadError::Invalid(format!("its version {other:02x?} is not known"))),
        None => Err(LoadError::Truncated(bytes.len())),
    }
}

/// What a module shows to the outside.
#[derive(Default)]
struct Surface {
    /// Module and member of a core import; the name of a component's import.
    imports: Vec<Import>,
    exports: Vec<String>,
    has_types: bool,
}

struct Import {
    module: String,
    member: Option<String>,
}

impl Surface {
    fn of(bytes: &[u8]) -> Result<Self, LoadError> {
        let wrong = |error: wasmparser::BinaryReaderError| {
            // The parser has no other way to tell this case.
            if error.message().contains("unexpected end") {
                LoadError::Truncated(bytes.len())
            } else {
                LoadError::Invalid(error.to_string())
            }
        };
        let mut surface = Self::default();
        // Payloads of modules and components inside come in between; only the outermost shows.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(wrong)?;
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth == 0 => surface.note(payload).map_err(wrong)?,
                _ => {}
            }
        }
        Ok(surface)
    }

    fn note(&mut self, payload: Payload<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let member = Some(import.name.to_owned());
                    self.imports.push(Import { module: import.module.to_owned(), member });
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let module = import?.name.name.to_owned();
                    self.imports.push(Import { module, member: None });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) => {
                self.has_types |= section.name().starts_with(TYPES_SECTION);
            }
            _ => {}
        }
        Ok(())
    }

    fn check_exports(&self, kind: Kind) -> Result<(), LoadError> {
        let of_package = || self.exports.iter().filter(|name| name.starts_with(PACKAGE));
        if let Some(judge) =
            of_package().find(|name| name.starts_with("transload:plugin/response@"))
        {
            return Err(LoadError::Judge(interface(judge).to_owned()));
        }
        let plugin = |name: &&String| name.starts_with("transload:plugin/plugin@");
        let Some(found) = of_package().find(plugin) else {
            return Err(LoadError::NoExport(format!("{PACKAGE}plugin{VERSION}")));
        };
        if !interface(found).ends_with(VERSION) {
            return Err(LoadError::Version(interface(found).to_owned()));
        }
        if kind == Kind::Core {
            for function in ["describe", "transform"] {
                let wanted = format!("{PACKAGE}plugin{VERSION}#{function}");
                if !self.exports.contains(&wanted) {
                    return Err(LoadError::NoExport(wanted));
                }
            }
            if !self.has_types {
                return Err(LoadError::NoTypes);
            }
        }
        Ok(())
    }
}

/// The interface of a core export: `transload:plugin/plugin@1.0.0` of `transload:plugin/plugin@1.0.0#describe`.
fn interface(export: &str) -> &str {
    export.split('#').next().unwrap_or(export)
}

fn check_import(import: &Import) -> Result<(), LoadError> {
    let module = import.module.as_str();
    let full = || match &import.member {
        Some(member) => format!("`{member}` from `{module}`"),
        None => format!("`{module}`"),
    };
    if module.starts_with("wasi_") || module.starts_with("wasi:") {
        return Err(LoadError::Wasi(full()));
    }
    let foreign = |hint| Err(LoadError::Foreign { import: full(), hint });
    let Some(rest) = module.strip_prefix(PACKAGE) else {
        return foreign(hint(module));
    };
    match rest.strip_suffix(VERSION) {
        Some(name) if IMPORTS.contains(&name) => Ok(()),
        Some(_) => {
            foreign("the contract has no such interface; is transload older than the plugin?")
        }
        None => Err(LoadError::Version(module.to_owned())),
    }
}

fn hint(module: &str) -> &'static str {
    if module.starts_with("__wbindgen") || module == "wbg" {
        "that is wasm-bindgen's, for browsers: usually `uuid`, `chrono`, `time` or `getrandom` is built with its \
         feature `js`, `wasmbind` or `wasm-bindgen`; switch that feature off"
    } else if module == "env" {
        "an extern \"C\" function is declared and nowhere defined: usually a crate that wants a C library, or code \
         for another platform; switch that feature off"
    } else {
        "a plugin can import the interfaces `log` and `state` of transload:plugin@1.0.0 and nothing else"
    }
}
