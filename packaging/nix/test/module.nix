# What the module says for a machine, without nixpkgs: `lib` and `pkgs` here do no more than the module asks of them.
{
  nft,
  program,
  configuration,
  script ? "/nix/store/firewall-start/bin/firewall-start",
}:
let
  lib = rec {
    getExe = package: package.program;
    concatStringsSep = builtins.concatStringsSep;
    escapeShellArgs = words: concatStringsSep " " (map (word: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] word}'") words);
    head = builtins.head;
    splitString = separator: text: builtins.filter builtins.isString (builtins.split separator text);
    removePrefix =
      prefix: text:
      let
        length = builtins.stringLength prefix;
      in
      if builtins.substring 0 length text == prefix then builtins.substring length (-1) text else text;
    mkEnableOption = what: mkOption { description = what; };
    mkOption = option: option;
    literalExpression = text: text;
    mkIf = condition: content: if condition then content else { };
    mkMerge = parts: builtins.foldl' (all: part: all // part) { } parts;
    mkAfter = text: text;
    types = {
      package = "package";
      str = "string";
      listOf = type: "list of ${type}";
    };
  };
  pkgs = {
    stdenv.hostPlatform.system = "x86_64-linux";
    formats.yaml = _: {
      type = "yaml";
      generate = _name: _settings: configuration;
    };
    runCommandLocal = name: _: text: { inherit name text; };
  };
  self.packages.x86_64-linux.fwlint = { inherit program; };
  module = import ../module.nix self {
    inherit lib pkgs;
    config = {
      networking = {
        firewall.enable = true;
        nftables.enable = nft;
        fwlint = {
          enable = true;
          package = module.options.networking.fwlint.package.default;
          settings = { };
          arguments = [
            "--fail-level"
            "error"
          ];
        };
      };
      systemd.services.firewall.serviceConfig.ExecStart = "@${script} firewall-start";
    };
  };
in
if nft then module.config.networking.nftables.preCheckRuleset else (builtins.head module.config.system.checks).text
