//! Keeps secrets out of what a scan takes down. What is known to be harmless is kept, and all else is struck out: a new
//! flag of cloudflared that carries a secret is struck out before anybody here has heard of it.

/// What stands where something was.
pub const STRUCK: &str = "[struck out]";

/// Flags of cloudflared whose values say something about the network, and are no secrets.
const PLAIN: [&str; 9] = [
    "protocol",
    "edge-ip-version",
    "edge-bind-address",
    "region",
    "config",
    "autoupdate-freq",
    "loglevel",
    "metrics",
    "ha-connections",
];

/// Commands of cloudflared.
const COMMANDS: [&str; 3] = ["cloudflared", "tunnel", "run"];

/// Variables that cloudflared reads and that are no secrets.
const VARIABLES: [&str; 7] = [
    "TUNNEL_TRANSPORT_PROTOCOL",
    "TUNNEL_EDGE_IP_VERSION",
    "TUNNEL_EDGE_BIND_ADDRESS",
    "TUNNEL_REGION",
    "NO_AUTOUPDATE",
    "TUNNEL_METRICS",
    "TUNNEL_LOGLEVEL",
];

/// The words of a command line, with what may be secret struck out.
pub fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    let mut is_plain_value = false;
    let mut kept = Vec::new();
    for (number, word) in words.into_iter().enumerate() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        let is_value = std::mem::take(&mut is_plain_value);
        let is_flag = flag.len() > 1 && flag.starts_with('-');
        kept.push(match (is_flag, value) {
            // A program or a command.
            (false, _) if number == 0 || is_value || COMMANDS.contains(&word) => word.to_owned(),
            (false, _) => STRUCK.to_owned(),
            (true, None) => {
                is_plain_value = PLAIN.contains(&flag.trim_start_matches('-'));
                flag.to_owned()
            }
            (true, Some(_)) if is_plain(flag) => word.to_owned(),
            (true, Some(_)) => format!("{flag}={STRUCK}"),
        });
    }
    kept
}

/// A variable of the environment, with what may be secret struck out; `None` where it is not about cloudflared.
pub fn variable(text: &str) -> Option<String> {
    let (name, _) = text.split_once('=')?;
    match VARIABLES.contains(&name) {
        true => Some(text.to_owned()),
        false => (name.starts_with("TUNNEL_") || name == "NO_AUTOUPDATE").then(|| format!("{name}={STRUCK}")),
    }
}

/// Is a flag's value no secret? One dash is as good as two.
fn is_plain(flag: &str) -> bool {
    PLAIN.contains(&flag.trim_start_matches('-')) || flag.trim_start_matches('-') == "no-autoupdate"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_be_harmless_is_struck_out() {
        let kept = |line: &str| words(line.split(' ')).join(" ");
        let token = "eyJhIjoiYWJjIn0=";
        for secret in [
            format!("cloudflared tunnel run --token {token}"),
            format!("cloudflared tunnel run --token={token}"),
            format!("cloudflared tunnel run -token {token}"),
            format!("cloudflared --credentials-contents {token} tunnel run"),
            format!("cloudflared tunnel --some-new-flag {token} run {token}"),
            format!("cloudflared --no-autoupdate tunnel run {token}"),
        ] {
            assert!(!kept(&secret).contains(token), "{secret}: {}", kept(&secret));
        }
        assert_eq!(
            kept("/usr/bin/cloudflared --protocol quic --region=us tunnel run --token x web"),
            "/usr/bin/cloudflared --protocol quic --region=us tunnel run --token [struck out] [struck out]"
        );
        assert_eq!(variable("TUNNEL_TOKEN=x").as_deref(), Some("TUNNEL_TOKEN=[struck out]"));
        assert_eq!(variable("TUNNEL_REGION=us").as_deref(), Some("TUNNEL_REGION=us"));
        assert_eq!(variable("AWS_SECRET_ACCESS_KEY=x"), None);
    }
}
