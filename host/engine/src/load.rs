//! The way of a file to a plugin: read, inspected, made a component, compiled or taken from the cache, linked, and
//! asked to describe itself.

mod cache;
mod error;
mod inspect;
mod profile;

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use transload_domain::{Digest, Profile, limits};
use wasmtime::component::Component;
use wit_component::ComponentEncoder;

use self::{cache::Cache, inspect::Kind};
pub use self::{error::LoadError, profile::ProfileError};
use crate::{
    call::{Code, Grant},
    runtime::Runtime,
};

/// Turns files into plugins.
pub(crate) struct Loader {
    runtime: Runtime,
    cache: Option<Cache>,
}

/// A plugin that could run.
pub(crate) struct Ready {
    pub(crate) code: Code,
    pub(crate) profile: Profile,
    pub(crate) digest: Digest,
    pub(crate) grant: Grant,
}

impl Loader {
    pub(crate) fn new(runtime: Runtime, cache_dir: Option<PathBuf>) -> std::io::Result<Self> {
        let cache = cache_dir.map(|dir| Cache::open(dir, runtime.compatibility())).transpose()?;
        Ok(Self { runtime, cache })
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Makes a module's bytes a plugin.
    pub(crate) fn load(&self, bytes: &[u8]) -> Result<Ready, LoadError> {
        let digest = Digest::of_file(bytes);
        let component = self.component(bytes, digest)?;
        let code =
            Code::link(&self.runtime, &component).map_err(|error| LoadError::unfit(&error))?;
        let described = code.describe().map_err(LoadError::Describe)?;
        let profile = profile::parse(&described)?;
        let grant = granted(&profile);
        if profile.limits.memory_bytes.is_some() {
            // A plugin that asks for less than it needs is told now, and not with every event.
            code.describe_within(grant.memory).map_err(LoadError::Describe)?;
        }
        Ok(Ready { code, profile, digest, grant })
    }

    fn component(&self, bytes: &[u8], digest: Digest) -> Result<Component, LoadError> {
        let engine = &self.runtime.engine;
        if let Some(found) = self.cache.as_ref().and_then(|cache| cache.get(engine, digest)) {
            return Ok(found);
        }
        let encoded;
        let bytes = match inspect::inspect(bytes)? {
            Kind::Component => bytes,
            Kind::Core => {
                encoded = componentize(bytes)?;
                &encoded
            }
        };
        let component =
            Component::from_binary(engine, bytes).map_err(|error| LoadError::unfit(&error))?;
        if let Some(cache) = &self.cache {
            cache.put(&component, digest);
        }
        Ok(component)
    }
}

/// Reads a module file, but never more of it than a module may have.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    // Asked before it is opened: to open a pipe waits for whoever writes into it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(LoadError::NoFile);
    }
    let length = metadata.len();
    if length > limits::MODULE_BYTES_MAX as u64 {
        return Err(LoadError::TooLarge(length));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limits::MODULE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn componentize(module: &[u8]) -> Result<Vec<u8>, LoadError> {
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    encode().map_err(|error| LoadError::Componentize(format!("{error:#}")))
}

/// What the host grants: what the plugin asks for, at most its own limits.
fn granted(profile: &Profile) -> Grant {
    let asked = profile.limits;
    let memory_max = limits::MEMORY_BYTES_MAX as u64;
    Grant {
        time: asked
            .transform_time
            .map_or(limits::TRANSFORM_TIME_MAX, |time| time.min(limits::TRANSFORM_TIME_MAX)),
        memory: asked.memory_bytes.map_or(memory_max, |bytes| bytes.min(memory_max)),
    }
}
