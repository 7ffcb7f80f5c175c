use super::*;
use crate::source::Span;

fn load(text: &str) -> (Sources, Result<Config, Vec<Mistake>>) {
    let mut sources = Sources::default();
    let file = sources.add(FILE_NAME, text.as_bytes().to_vec());
    let result = read(&sources, file);
    (sources, result)
}

/// The text at each mistake, the mistake, and its help.
fn mistakes(text: &str) -> Vec<(String, String, String)> {
    let (sources, result) = load(text);
    let describe = |mistake: Mistake| {
        let place = mistake.span.map_or("", |span| sources.text(span)).to_string();
        (place, mistake.message, mistake.help.unwrap_or_default())
    };
    result.expect_err(text).into_iter().map(describe).collect()
}

#[test]
fn every_key_is_read() {
    let text = "\
profiles: [cloudflare-tunnel]
protocol: quic
edge-ip-version: 4
region: us
access: true
auto-update: true
quick-tunnel: true
resolvers: 192.0.2.53
runs-in: container
user: 998
policy: positive
ephemeral-ports: 11000-60999
levels:
  shadowed-rule: off
  open-port: error
  unused-chain:
    'old/**': note
fail-level: error
exclude: vendor
allow-ingress:
  - name: ssh
    port: 22
    protocol: tcp
    source: [192.0.2.0/24, '2001:db8::/32']
    reason: administration
  - name: anything from the office
    source: 198.51.100.7
hosts:
  - name: web
    files: [rules.v4, rules.v6]
    interfaces:
      eth0: [192.0.2.10/24, '2001:db8::10/64']
      wg0:
";
    let (sources, config) = load(text);
    let config = config.expect("it is right");
    let settings = config.given.clone().settle();
    assert_eq!(settings.protocol.value, Protocol::Quic);
    assert_eq!(settings.protocol.place().map(|span| sources.text(span)), Some("quic"));
    assert_eq!(settings.edge_ip_version.value, EdgeIpVersion::V4);
    assert_eq!(settings.region.value, "us");
    assert!(settings.access.value && settings.auto_update.value && settings.quick_tunnel.value);
    assert_eq!(settings.resolvers.value, ["192.0.2.53".parse::<std::net::IpAddr>().expect("an address")]);
    assert_eq!(settings.runs_in.value, RunsIn::Container);
    assert_eq!(settings.user.value, Some(User::Id(998)));
    assert_eq!(settings.policy.value, Policy::Positive);
    assert_eq!(settings.ephemeral_ports.value, PortRange { first: 11000, last: 60999 });
    assert_eq!(config.profiles.map(|profiles| profiles.len()), Some(1));
    let level = |lint: &str, path: &str| config.levels.of(lint, Path::new(path)).map(|said| said.level);
    assert_eq!(level("shadowed-rule", "a"), Some(None));
    assert_eq!(level("open-port", "a"), Some(Some(Level::Error)));
    assert_eq!(level("unused-chain", "old/a"), Some(Some(Level::Note)));
    assert_eq!(level("unused-chain", "a"), None);
    assert_eq!(config.fail_level, Some(Level::Error));
    let excluded = |path: &str| config.exclude.as_ref().is_some_and(|paths| paths.hold(Path::new(path)));
    assert!(excluded("vendor/x/rules.v4") && !excluded("rules.v4"));
    let ssh = &config.allow_ingress[0];
    assert_eq!(ssh.ports[0].value, PortRange { first: 22, last: 22 });
    assert_eq!(ssh.protocol[0].value, ProtocolNumber(6));
    assert_eq!(sources.text(ssh.source[1].span), "'2001:db8::/32'");
    assert!(config.allow_ingress[1].ports.is_empty());
    let eth0 = "eth0=192.0.2.10/24,2001:db8::10/64".parse::<Interface>();
    assert_eq!(Ok(&config.hosts[0].interfaces[0]), eth0.as_ref());
    assert!(config.hosts[0].interfaces[1].addresses.is_empty());
}

#[test]
fn nothing_said_is_the_default() {
    for text in ["", "# nothing\n", "---\n"] {
        let settings = load(text).1.expect(text).given.settle();
        assert!(!settings.protocol.is_given());
        assert_eq!(settings.protocol.value, Protocol::Auto);
        assert_eq!(settings.ephemeral_ports.value, PortRange { first: 32768, last: 60999 });
    }
}

#[test]
fn a_key_without_a_value_says_nothing() {
    for key in keys() {
        let config = load(&format!("{key}:\n# - what stood here\n")).1.expect(key);
        assert!(config.places.is_empty() && config.profiles.is_none() && config.exclude.is_none(), "{key}");
    }
}

#[test]
fn what_each_mistake_says_may_be_written_is_right() {
    for key in keys() {
        let wrong = mistakes(&format!("{key}: {{{{}}: {{}}}}\n"));
        let example = wrong[0].2.split('`').nth(1).filter(|example| example.starts_with(key));
        if let Some(example) = example {
            let config = load(example).1.unwrap_or_else(|mistakes| panic!("{example}: {mistakes:?}"));
            assert_eq!(config.places.first().map(|place| place.0), Some(key));
        }
    }
}

#[test]
fn tabs_are_taken_for_nothing_but_in_json() {
    for text in ["levels:\n\topen-port: off\n", "hosts:\n  -\tname: a\n", "levels:\n  a:\n    \tb: off\n"] {
        let (place, what, help) = mistakes(text).remove(0);
        assert_eq!((place.as_str(), what.as_str()), ("\t", "a tab in the indentation"), "{text:?}");
        assert_eq!(help, "Indent with spaces: YAML takes tabs for nothing.");
    }
    for text in ["{\n\t\"policy\": \"positive\"\n}\n", "policy: positive\t# strict\n\t\n\t# a comment\n"] {
        assert_eq!(load(text).1.expect(text).given.settle().policy.value, Policy::Positive);
    }
}

#[test]
fn a_lint_or_a_path_has_one_level() {
    let twice =
        |what: &str| (what.to_string(), format!("the key `{}` is there twice", what.trim_matches('\'')));
    let found =
        |text: &str| mistakes(text).into_iter().map(|(place, what, _)| (place, what)).collect::<Vec<_>>();
    assert_eq!(found("levels: {open-port: off, lockout: off, open-port: error}\n"), [twice("open-port")]);
    assert_eq!(found("levels: {open-port: {a: off, 'b/*': off, 'b/*': note}}\n"), [twice("'b/*'")]);
}

#[test]
fn mistakes_are_found_at_their_places_all_of_them() {
    let text = "\
protcol: quic
protocol: tcp
region: eu
region: us
auto-update: sure
profiles: [warp]
allow-ingress:
  - name: a
    port: [22, 80000]
  - port: 1
levels: {open-port: silent}
exclude: ['a[']
fail-level: off
resolvers: [dns.example]
hosts: [{name: x, interfaces: {eth0: 1.2.3}}]
";
    const GLOBS: &str = "Globs are those of .gitignore: `\\[` is a bracket, `*` any name, `**` any folders.";
    const ALLOW: &str =
        "It may be written `allow-ingress: [{name: ssh, ports: 22, protocol: tcp, source: 192.0.2.0/24}]`.";
    const HOSTS: &str =
        "It may be written `hosts: [{name: web, files: [rules.v4], interfaces: {eth0: 192.0.2.10/24}}]`.";
    let owned = |(a, b, c): (&str, &str, &str)| (a.to_string(), b.to_string(), c.to_string());
    let expected = [
        ("protcol", "unknown key `protcol`", "Did you mean `protocol`?"),
        ("tcp", "unknown value `tcp`", "It is one of auto, quic, http2."),
        ("eu", "unknown region `eu`", "It is one of global, us, fedramp."),
        ("region", "the key `region` is there twice", "Take one of them out."),
        ("sure", "expected true or false, found `sure`", "It may be written `auto-update: true`."),
        ("warp", "unknown profile `warp`", "It is one of cloudflare-tunnel; `profiles: []` is none."),
        ("80000", "expected a port or a range like 8000-8100, found `80000`", ALLOW),
        ("silent", "unknown value `silent`", "It is one of off, note, warning, error."),
        ("'a['", "this is no glob: unclosed character class; missing ']'", GLOBS),
        ("off", "unknown value `off`", "It is one of note, warning, error."),
        (
            "dns.example",
            "expected an address like 192.0.2.53, found `dns.example`",
            "It may be written `resolvers: [192.0.2.53]`.",
        ),
        ("1.2.3", "expected an address like 192.0.2.10/24, found `1.2.3`", HOSTS),
    ];
    assert_eq!(mistakes(text), expected.map(owned));
    assert!(expected.iter().all(|(_, _, help)| !help.is_empty()));
}

#[test]
fn a_flag_wins_over_cloudflareds_own_file_and_that_over_ours() {
    let mut sources = Sources::default();
    let text = b"protocol: http2\nregion: fed\nno-autoupdate: true\nurl: http://localhost\n".to_vec();
    let file = sources.add("config.yml", text);
    let theirs = read_cloudflared(&sources, file).expect("it is right");
    let ours = load("protocol: quic\naccess: true\nregion: us\n").1.expect("it is right").given;
    let flags = Given { region: Some(Setting::flag("global".to_string())), ..Given::default() };
    let settings = flags.or(theirs).or(ours).settle();
    assert_eq!(settings.protocol.value, Protocol::Http2);
    assert_eq!(settings.protocol.origin, Origin::Place(Span::new(file, 10, 15)));
    assert_eq!((settings.region.value.as_str(), settings.region.origin), ("global", Origin::Flag));
    assert!(settings.access.value);
    assert!(!settings.auto_update.value && settings.auto_update.is_given());
}

#[test]
fn the_bound_address_decides_the_family_and_one_rule_is_enough_for_access() {
    let mut sources = Sources::default();
    let text = "\
edge-bind-address: 2001:db8::1
edge-ip-version: 4
ingress:
  - hostname: a.example
    service: http://localhost
    originRequest: {access: {required: true, teamName: t}}
  - service: http_status:404
";
    let file = sources.add("config.yml", text.into());
    let given = read_cloudflared(&sources, file).expect("it is right");
    assert_eq!(given.access.as_ref().map(|setting| setting.value), Some(true));
    let settings = given.settle();
    assert_eq!(settings.edge_ip_version.value, EdgeIpVersion::V6);
    assert_eq!(
        settings.edge_bind_address.value.map(|bound| bound.to_string()).as_deref(),
        Some("2001:db8::1")
    );
}

#[test]
fn the_file_is_looked_for_up_to_the_root_of_the_repository() {
    let root = tempfile::tempdir().expect("a directory");
    let deep = root.path().join("repo/hosts/web");
    std::fs::create_dir_all(&deep).expect("directories");
    std::fs::write(root.path().join(FILE_NAME), "").expect("a file");
    let discover = |folder: &Path| discover(folder, &root.path().join("elsewhere"));
    assert_eq!(discover(&deep), None);
    std::fs::create_dir(root.path().join("repo/.git")).expect("a directory");
    assert_eq!(discover(&deep), None);
    let file = root.path().join("repo").join(FILE_NAME);
    std::fs::write(&file, "").expect("a file");
    assert_eq!(discover(&deep), Some(file));
}

#[test]
fn outside_of_a_repository_the_file_is_looked_for_up_to_the_directory_of_the_call() {
    let root = tempfile::tempdir().expect("a directory");
    let (call, deep) = (root.path().join("call"), root.path().join("call/hosts/web"));
    std::fs::create_dir_all(&deep).expect("directories");
    std::fs::write(root.path().join(FILE_NAME), "").expect("a file");
    assert_eq!(discover(&deep, &call), None);
    let file = call.join(FILE_NAME);
    std::fs::write(&file, "").expect("a file");
    assert_eq!(discover(&deep, &call), Some(file));
    assert_eq!(discover(&deep, &root.path().join("elsewhere")), None);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in "([a-z-]{1,8}: |[\\[\\]{}&*!|>%@'\"#,?:é-]|\n {0,3}|[0-9./]{1,4}|\\PC){0,40}") {
        let mut sources = Sources::default();
        let file = sources.add(FILE_NAME, text.into_bytes());
        for mistakes in [read(&sources, file).err(), read_cloudflared(&sources, file).err()].into_iter().flatten() {
            for mistake in mistakes {
                let span = mistake.span.expect("each mistake has a place");
                proptest::prop_assert!(span.start <= span.end && span.end as usize <= sources.file(file).text.len());
                sources.text(span);
            }
        }
    }
}

#[test]
fn a_number_that_is_no_users_is_no_name_either() {
    assert_eq!("4294967294".parse(), Ok(User::Id(4_294_967_294)));
    for number in ["4294967295", "4294967296", "99999999999999999999"] {
        assert!(number.parse::<User>().is_err_and(|error| error.contains("below 4294967295")), "{number}");
    }
    assert_eq!("3proxy".parse(), Ok(User::Name("3proxy".to_owned())));
}
