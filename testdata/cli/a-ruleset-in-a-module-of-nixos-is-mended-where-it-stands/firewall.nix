{ pkgs, ... }:
{
  networking.firewall.enable = false;
  networking.nftables = {
    enable = true;
    ruleset = ''
      table inet filter {
        chain output {
          type filter hook output priority filter; policy drop;
          oifname "lo" accept
          ct state established,related accept
          meta l4proto { tcp, udp } th dport 53 accept
          ip daddr 198.41.192.0/24 meta l4proto { tcp, udp } th dport 7844 accept
        }

        chain input {
          type filter hook input priority filter; policy drop;
          iifname "lo" accept
          ct state established,related accept
        }
      }
    '';
  };
  environment.systemPackages = [ pkgs.nftables ];
}
