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

/// A file of a machine: its path and what is in it.
type File = (String, &'static str);

/// What a process is told of a tunnel of FedRAMP, and where its credentials lie.
const ID: &str = "6FF42AE2-765D-4ADF-8112-31C55C1551EF";
const CREDENTIALS: &str = r#"{"AccountTag":"6789","TunnelSecret":"cw==","TunnelID":"t","Endpoint":"fed"}"#;

#[test]
fn credentials_are_found_where_cloudflared_finds_them() {
    let by_id = "6ff42ae2-765d-4adf-8112-31c55c1551ef.json";
    let home = "HOME=/home/tunnel\0";
    let users = "root:x:0:0::/root:/bin/sh\nws:x:997:997::/srv/ws:/bin/false\n";
    let configuration = |text: &str| -> &'static str { text.to_owned().leak() };
    let cases: Vec<(&str, &str, Vec<File>)> = vec![
        // A path that is not absolute begins where the process runs, and `~` is the home of its user.
        ("run\0--cred-file\0c.json\0x", home, vec![("/proc/4711/cwd/c.json".into(), CREDENTIALS)]),
        ("run\0--credentials-file=~/c.json\0x", home, vec![("/home/tunnel/c.json".into(), CREDENTIALS)]),
        (
            "--config\0c.yml\0run",
            home,
            vec![
                ("/proc/4711/cwd/c.yml".into(), configuration("credentials-file: ~/x.json\n")),
                ("/home/tunnel/x.json".into(), CREDENTIALS),
            ],
        ),
        // Without a path its name is the tunnel's.
        (
            configuration(&format!("run\0{ID}")),
            home,
            vec![(format!("/home/tunnel/.cloudflared/{by_id}"), CREDENTIALS)],
        ),
        (
            configuration(&format!("run\0--origincert\0/keys/cert.pem\0{ID}")),
            home,
            vec![(format!("/keys/{by_id}"), CREDENTIALS)],
        ),
        // Its configuration may lie below its home, which the list of users tells if nothing else does.
        (
            "run",
            "",
            vec![
                ("/etc/passwd".into(), users),
                ("/srv/ws/.cloudflared/config.yml".into(), configuration(&format!("tunnel: {ID}\n"))),
                (format!("/etc/cloudflared/{by_id}"), CREDENTIALS),
            ],
        ),
    ];
    for (words, environment, files) in cases {
        let words = configuration(&format!("cloudflared\0tunnel\0{words}\0"));
        let machine = files.iter().fold(with_process(words, environment), |machine, (path, text)| {
            machine.holds(configuration(path), text)
        });
        let text = super::recorded::configuration(&machine, None);
        let line = "\nregion: \"fedramp\" # the credentials of process 4711\n";
        assert!(text.contains(line), "{words:?} {text}");
        assert!(!text.contains("may name"), "{words:?} {text}");
    }
}

#[test]
fn credentials_that_are_not_found_are_said_to_be_missing() {
    let miss = |words: &str| {
        let words: &'static str = format!("cloudflared\0tunnel\0{words}\0").leak();
        configuration(&with_process(words, "HOME=/home/tunnel\0"), None)
    };
    for (words, why) in [
        ("run\0--credentials-file\0c.json\0x".to_owned(), "the file that it is told of is not there"),
        (format!("run\0{ID}"), "their file is in none of the folders in which cloudflared looks for it"),
        (
            "run\0--protocol\0quic\0web".to_owned(),
            "the tunnel is called by its name, and only Cloudflare knows its id",
        ),
    ] {
        let text = miss(&words);
        let line = format!("- \"the edge that the credentials of process 4711 may name: {why}\"\n");
        assert!(text.contains(&line), "{text}");
    }
    for quiet in ["run", "run\0--protocol\0quic", "--url\0http://localhost:80"] {
        let text = miss(quiet);
        assert!(!text.contains("may name"), "{quiet}: {text}");
    }
}

#[test]
fn a_unit_runs_where_it_says_and_as_whom() {
    let unit =
        "[Service]\nUser=ws\nWorkingDirectory=/srv/t\nExecStart=cloudflared tunnel --cred-file c.json run\n";
    let machine = super::recorded::host()
        .holds("/etc/systemd/system/cloudflared.service", unit)
        .holds("/srv/t/c.json", CREDENTIALS);
    let text = configuration(&machine, None);
    assert!(text.contains("\nregion: \"fedramp\" # the credentials of "), "{text}");
}

#[test]
fn the_home_in_which_a_unit_runs_is_that_of_its_user_whatever_line_comes_first() {
    let unit = |lines: &str| -> &'static str { format!("[Service]\n{lines}").leak() };
    let lines = "ExecStart=cloudflared tunnel --cred-file c.json run\nEnvironment=HOME=/elsewhere\n";
    for (said, more, credentials) in [
        ("WorkingDirectory=~\nUser=ws\n", "", "/srv/ws/c.json"),
        ("User=ws\nWorkingDirectory=-~\n", "", "/srv/ws/c.json"),
        ("WorkingDirectory=~\n", "User=ws\n", "/srv/ws/c.json"),
        ("User=ws\nWorkingDirectory=~\n", "User=\n", "/root/c.json"),
        ("User=ws\nWorkingDirectory=~\n", "WorkingDirectory=\n", "/c.json"),
        ("WorkingDirectory=~\n", "", "/root/c.json"),
    ] {
        let machine = super::recorded::host()
            .holds("/etc/passwd", "root:x:0:0::/root:/bin/sh\nws:x:990:990::/srv/ws:/bin/false\n")
            .holds("/etc/systemd/system/cloudflared.service", unit(&format!("{said}{lines}")))
            .holds("/etc/systemd/system/cloudflared.service.d/more.conf", unit(more))
            .holds(credentials, CREDENTIALS);
        let text = configuration(&machine, None);
        assert!(text.contains("\nregion: \"fedramp\" # the credentials of "), "{said}{more}{text}");
    }
}
