# What the flake offers, with a nixpkgs that only names what it is asked for.
let
  system = "x86_64-linux";
  lib = {
    genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    getExe = package: "${package.name}/bin/fwlint";
  };
  named = name: { inherit name; };
  pkgs = {
    callPackage = file: _: named "fwlint";
    runCommand = name: _: _text: named name;
    mkShell = { inputsFrom, packages }: named "shell of ${toString (builtins.length (inputsFrom ++ packages))}";
    clippy = named "clippy";
    rustfmt = named "rustfmt";
    iptables = named "iptables";
    nftables = named "nftables";
    ipset = named "ipset";
    nixfmt-rfc-style = named "nixfmt";
    extend = overlay: pkgs // overlay pkgs pkgs;
  };
  nixpkgs = {
    inherit lib;
    legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ] (_: pkgs);
  };
  outputs = (import ../../../flake.nix).outputs {
    self = outputs;
    inherit nixpkgs;
  };
in
{
  package = outputs.packages.${system}.default.name;
  app = outputs.apps.${system}.default.program;
  checks = builtins.attrNames outputs.checks.${system};
  shell = outputs.devShells.${system}.default.name;
  formatter = outputs.formatter.${system}.name;
  module = builtins.isFunction outputs.nixosModules.default;
  systems = builtins.length (builtins.attrNames outputs.packages);
}
