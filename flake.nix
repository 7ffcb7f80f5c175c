{
  description = "fwlint, the shellcheck of firewalls";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      each = make: lib.genAttrs systems (system: make (nixpkgs.legacyPackages.${system}.extend self.overlays.default));
    in
    {
      overlays.default = final: _prev: { fwlint = final.callPackage ./packaging/nix/package.nix { }; };

      packages = each (pkgs: {
        inherit (pkgs) fwlint;
        default = pkgs.fwlint;
      });

      apps = each (pkgs: {
        default = {
          type = "app";
          program = lib.getExe pkgs.fwlint;
          meta.description = "Checks firewall rules";
        };
      });

      checks = each (pkgs: {
        inherit (pkgs) fwlint;
        examples = pkgs.runCommand "fwlint-examples" { nativeBuildInputs = [ pkgs.fwlint ]; } ''
          fwlint check --isolated ${./testdata/hosts/ufw-with-outgoing-denied-and-the-tunnel-allowed}
          touch $out
        '';
      });

      devShells = each (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ pkgs.fwlint ];
          packages = [
            pkgs.clippy
            pkgs.rustfmt
            pkgs.iptables
            pkgs.nftables
            pkgs.ipset
          ];
        };
      });

      formatter = each (pkgs: pkgs.nixfmt-rfc-style);

      nixosModules.default = import ./packaging/nix/module.nix self;
    };
}
