//! What a scan takes out of tokens and credentials: which edge is dialled, and nothing else.

use fwlint::scan::Picture;

use super::recorded::{configuration, with_process};

#[test]
fn a_token_for_fedramp_tells_the_region_and_nothing_else() {
    // {"a":"6789","t":"t","s":"s","e":"fed"}, and the same with an edge of which nobody has heard.
    let token = "eyJhIjoiNjc4OSIsInQiOiJ0IiwicyI6InMiLCJlIjoiZmVkIn0=";
    let other = "eyJhIjoiNjc4OSIsInQiOiJ0IiwicyI6InMiLCJlIjoibW9vbiJ9";
    let credentials = r#"{"AccountTag":"6789","TunnelSecret":"cw==","TunnelID":"t","Endpoint":"fed"}"#;
    let run = "cloudflared\0tunnel\0run\0";
    let by_file =
        |text| with_process("cloudflared\0tunnel\0run\0--token-file\0/run/t\0", "").holds("/run/t", text);
    let configured = with_process(run, "")
        .holds("/etc/cloudflared/config.yml", "tunnel: web\ncredentials-file: /etc/cloudflared/web.json\n");
    for (machine, by) in [
        (with_process(format!("{run}--token\0{token}\0").leak(), ""), "the token of process 4711"),
        (with_process(run, format!("TUNNEL_TOKEN={token}\0").leak()), "the token of process 4711"),
        (by_file(token), "the token of process 4711"),
        (
            configured.clone().holds("/etc/cloudflared/web.json", credentials),
            "the credentials of process 4711",
        ),
    ] {
        let picture = Picture::of(&machine);
        let text = picture.configuration(None, &[]).expect("there are no mistakes");
        assert!(text.contains(&format!("\nregion: \"fedramp\" # {by}\n")), "{text}");
        let all: String =
            picture.others.iter().map(|saved| saved.text.as_str()).chain([text.as_str()]).collect();
        assert!(!all.contains("eyJ") && !all.contains("6789") && !all.contains("cw=="), "{all}");
    }
    let text = configuration(&by_file(other), None);
    assert!(text.contains("fwlint does not know its value") && !text.contains("moon"), "{text}");
    let hidden = configured.hides("/etc/cloudflared/web.json");
    let text = configuration(&hidden, None);
    assert!(text.contains("the edge that the credentials of process 4711 may name: it needs root"), "{text}");
}
