#!/bin/sh
gcloud compute firewall-rules create deny-all --network=hands-on --direction=EGRESS --priority=900 \
    --action=DENY --rules=all --destination-ranges=0.0.0.0/0 --disabled
