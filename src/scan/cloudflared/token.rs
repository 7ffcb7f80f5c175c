//! What the token or the credentials of a tunnel say of the network: the edge that is dialled. Nothing else is taken out of
//! them, and they are not kept.

use std::io::ErrorKind;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Setup, file, reason};
use crate::scan::Picture;
use crate::scan::machine::{Machine, text};
use crate::source::FileId;
use crate::tree::{self, Kind};

/// The one thing that is read of a token (`connection.TunnelToken` of cloudflared), or of credentials.
#[derive(Deserialize)]
struct Endpoint {
    #[serde(alias = "e", alias = "Endpoint", default)]
    endpoint: Option<String>,
}

/// Something that holds a token or credentials: what it is called, and what is in it.
type Held = (String, String);

impl Setup {
    /// The edge that its token or its credentials name, if they name one, and what they are called.
    pub(super) fn endpoint(&self, machine: &dyn Machine, picture: &mut Picture) -> Option<(String, String)> {
        let given =
            |flag: &str, variable: &str| self.flag(flag).or(self.variable(variable)).map(str::to_owned);
        let token = given("token", "TUNNEL_TOKEN").map(|token| ("the token".to_owned(), token));
        let token = token.or_else(|| {
            let path = given("token-file", "TUNNEL_TOKEN_FILE")?;
            self.secret(machine, picture, "the token", &path)
        });
        if let Some((name, token)) = token {
            let bytes = STANDARD.decode(token.trim()).ok()?;
            return Some((endpoint(&bytes)?, format!("{name} of {}", self.who)));
        }
        let contents = given("credentials-contents", "TUNNEL_CRED_CONTENTS");
        let credentials = contents.map(|json| ("the credentials".to_owned(), json)).or_else(|| {
            let path = given("credentials-file", "TUNNEL_CRED_FILE").or_else(|| self.configured(machine))?;
            self.secret(machine, picture, "the credentials", &path)
        });
        let (name, json) = credentials?;
        Some((endpoint(json.as_bytes())?, format!("{name} of {}", self.who)))
    }

    /// What a file holds that is secret, and what it is called.
    fn secret(&self, machine: &dyn Machine, picture: &mut Picture, name: &str, path: &str) -> Option<Held> {
        match machine.read(&self.within(Path::new(path))) {
            Ok(bytes) => Some((name.to_owned(), text(bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                picture.miss(format!("the edge that {name} of {} may name", self.who), reason(&error));
                None
            }
        }
    }

    /// The file of credentials that its configuration names.
    fn configured(&self, machine: &dyn Machine) -> Option<String> {
        let (places, _) = self.configurations();
        let text = places.iter().find_map(|path| file(machine, &self.within(path)))?;
        let documents = tree::yaml(FileId(0), &text).ok()?;
        let Kind::Map(entries) = &documents.first()?.kind else { return None };
        let named = |key: &str| entries.iter().find(|(known, _)| known.text() == Some(key));
        named("credentials-file").and_then(|(_, value)| value.text()).map(str::to_owned)
    }
}

/// The edge that JSON names; none where that is the usual one.
fn endpoint(json: &[u8]) -> Option<String> {
    let read: Endpoint = serde_json::from_slice(json).ok()?;
    read.endpoint.filter(|endpoint| !endpoint.is_empty())
}
