//! What the token or the credentials of a tunnel say of the network: the edge that is dialled. Nothing else is taken out of
//! them, and they are not kept.

use std::io::ErrorKind;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::files::Place;
use super::{Setup, file, reason};
use crate::scan::Picture;
use crate::scan::machine::{Machine, text};
use crate::source::FileId;
use crate::tree::{self, Kind, Node};

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
        let told = self.configured(machine);
        let configured =
            |key: &str| told.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
        let given = |flag: &str, variable: &str| {
            let told = self.flag(flag).or(self.variable(variable)).map(str::to_owned);
            told.or_else(|| configured(flag)).filter(|value| !value.is_empty())
        };
        let token = given("token", "TUNNEL_TOKEN").map(|token| ("the token".to_owned(), token));
        let token = token.or_else(|| {
            let place = self.plain_place(&given("token-file", "TUNNEL_TOKEN_FILE")?);
            self.secret(machine, picture, "the token", &place)
        });
        if let Some((name, token)) = token {
            let bytes = STANDARD.decode(token.trim()).ok()?;
            return Some((endpoint(&bytes)?, format!("{name} of {}", self.who)));
        }
        let contents = given("credentials-contents", "TUNNEL_CRED_CONTENTS");
        let credentials = contents.map(|json| (CREDENTIALS.to_owned(), json)).or_else(|| {
            let named = given("credentials-file", "TUNNEL_CRED_FILE").or_else(|| given("cred-file", ""));
            match named {
                Some(path) => self.secret(machine, picture, CREDENTIALS, &self.place(machine, &path)),
                None => {
                    let tunnel = self.tunnel().or_else(|| configured("tunnel"))?;
                    let certificate = given("origincert", "TUNNEL_ORIGIN_CERT");
                    self.by_id(machine, picture, &tunnel, certificate.as_deref())
                }
            }
        });
        let (name, json) = credentials?;
        Some((endpoint(json.as_bytes())?, format!("{name} of {}", self.who)))
    }

    /// What a file holds that is secret, and what it is called.
    fn secret(
        &self,
        machine: &dyn Machine,
        picture: &mut Picture,
        name: &str,
        place: &Place,
    ) -> Option<Held> {
        match machine.read(&place.seen) {
            Ok(bytes) => Some((name.to_owned(), text(bytes))),
            Err(error) => {
                let why = match error.kind() {
                    ErrorKind::NotFound => "the file that it is told of is not there".to_owned(),
                    _ => reason(&error),
                };
                self.miss_edge(picture, name, why);
                None
            }
        }
    }

    /// The credentials of a tunnel that is called by its id: they lie beside the certificate of the account, or where
    /// cloudflared looks for all its files.
    fn by_id(
        &self,
        machine: &dyn Machine,
        picture: &mut Picture,
        tunnel: &str,
        certificate: Option<&str>,
    ) -> Option<Held> {
        if !is_id(tunnel) {
            self.miss_edge(
                picture,
                CREDENTIALS,
                "the tunnel is called by its name, and only Cloudflare knows its id",
            );
            return None;
        }
        let beside = certificate.map(|path| self.place(machine, path)).and_then(|place| {
            Some(Place { own: place.own.parent()?.into(), seen: place.seen.parent()?.into() })
        });
        let name = format!("{}.json", tunnel.to_ascii_lowercase());
        for folder in beside.into_iter().chain(self.folders(machine)) {
            match machine.read(&folder.join(&name).seen) {
                Ok(bytes) => return Some((CREDENTIALS.to_owned(), text(bytes))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    self.miss_edge(picture, CREDENTIALS, reason(&error));
                    return None;
                }
            }
        }
        self.miss_edge(
            picture,
            CREDENTIALS,
            "their file is in none of the folders in which cloudflared looks for it",
        );
        None
    }

    fn miss_edge(&self, picture: &mut Picture, name: &str, why: impl Into<String>) {
        picture.miss(format!("the edge that {name} of {} may name", self.who), why);
    }

    /// The tunnel that its words name: the last of them, behind `run`, unless that is the value of a flag.
    fn tunnel(&self) -> Option<String> {
        let at = self.words.iter().position(|word| word == "run")?;
        let words = &self.words[at..];
        let is_flag = |word: &str| word.starts_with('-');
        let takes_value = |word: &str| {
            is_flag(word) && !word.contains('=') && word.trim_start_matches('-') != "no-autoupdate"
        };
        let (last, before) = words.split_last()?;
        let is_named =
            !before.is_empty() && !is_flag(last) && !before.last().is_some_and(|it| takes_value(it));
        is_named.then(|| last.clone())
    }

    /// What its configuration says that is text: keys and values.
    fn configured(&self, machine: &dyn Machine) -> Vec<(String, String)> {
        let (places, _) = self.configurations(machine);
        let Some(text) = places.iter().find_map(|place| file(machine, &place.seen)) else {
            return Vec::new();
        };
        let documents = tree::yaml(FileId(0), &text).unwrap_or_default();
        let Some(Kind::Map(entries)) = documents.first().map(|document| &document.kind) else {
            return Vec::new();
        };
        let told = |(key, value): &(Node, Node)| Some((key.text()?.to_owned(), value.text()?.to_owned()));
        entries.iter().filter_map(told).collect()
    }
}

/// What its credentials are called.
const CREDENTIALS: &str = "the credentials";

/// Is it a UUID, as tunnels have?
fn is_id(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// The edge that JSON names; none where that is the usual one.
fn endpoint(json: &[u8]) -> Option<String> {
    let read: Endpoint = serde_json::from_slice(json).ok()?;
    read.endpoint.filter(|endpoint| !endpoint.is_empty())
}
