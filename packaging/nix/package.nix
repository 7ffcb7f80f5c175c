# The program, with its completions and manual pages.
{
  lib,
  rustPlatform,
  installShellFiles,
}:
let
  root = ../..;
  inherit ((lib.importTOML (root + "/Cargo.toml")).package) version description;
in
rustPlatform.buildRustPackage {
  pname = "fwlint";
  inherit version;

  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      (root + "/Cargo.toml")
      (root + "/Cargo.lock")
      (root + "/benches")
      (root + "/rules")
      (root + "/src")
      (root + "/testdata")
    ];
  };
  cargoLock.lockFile = root + "/Cargo.lock";

  # The tests of the whole ask a kernel, as root, and read what is no part of the package. Those of the modules do not.
  cargoTestFlags = [ "--lib" ];

  nativeBuildInputs = [ installShellFiles ];
  postInstall = ''
    installShellCompletion --cmd fwlint \
      --bash <($out/bin/fwlint completions bash) \
      --fish <($out/bin/fwlint completions fish) \
      --zsh <($out/bin/fwlint completions zsh)
    $out/bin/fwlint man > fwlint.1
    installManPage fwlint.1
  '';

  meta = {
    inherit description;
    homepage = "https://github.com/fwlint/fwlint";
    license = with lib.licenses; [
      mit
      asl20
    ];
    mainProgram = "fwlint";
  };
}
