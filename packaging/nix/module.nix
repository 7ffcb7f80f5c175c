# A module for NixOS: the system is not built when its firewall does not pass.
#
# The rules of networking.nftables are checked where nft checks them, those of the firewall by iptables in a check of the
# system. Nothing of fwlint gets into the system.
self:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.networking.fwlint;
  inherit (config.networking) firewall nftables;

  configuration = (pkgs.formats.yaml { }).generate "fwlint.yaml" cfg.settings;
  check =
    dialect: file:
    lib.concatStringsSep " " [
      (lib.getExe cfg.package)
      "check --quiet --as ${dialect} --config ${configuration}"
      (lib.escapeShellArgs cfg.arguments)
      file
    ];

  # `@/nix/store/…/bin/firewall-start firewall-start`
  start = config.systemd.services.firewall.serviceConfig.ExecStart;
  script = lib.head (lib.splitString " " (lib.removePrefix "@" start));
in
{
  options.networking.fwlint = {
    enable = lib.mkEnableOption "the check of the firewall with fwlint before the system is built";

    package = lib.mkOption {
      type = lib.types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.fwlint;
      defaultText = lib.literalExpression "fwlint.packages.\${system}.fwlint";
      description = "The program.";
    };

    settings = lib.mkOption {
      inherit (pkgs.formats.yaml { }) type;
      default = { };
      example = {
        policy = "positive";
        allow-ingress = [
          {
            name = "ssh";
            ports = 22;
            source = "192.0.2.0/24";
          }
        ];
      };
      description = "What stands in fwlint.yaml.";
    };

    arguments = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [
        "--fail-level"
        "error"
      ];
      description = "Further arguments of `fwlint check`.";
    };
  };

  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (lib.mkIf nftables.enable {
        networking.nftables.preCheckRuleset = lib.mkAfter "${check "nft" "ruleset.conf"}\n";
      })
      (lib.mkIf (firewall.enable && !nftables.enable) {
        system.checks = [
          (pkgs.runCommandLocal "fwlint-firewall" { } ''
            ${check "iptables-script" script}
            touch $out
          '')
        ];
      })
    ]
  );
}
