gcloud compute firewall-rules create deny --network=default --direction=EGRESS --priority=900 --action=DENY --rules=all --destination-ranges=0.0.0.0/0 --disabled --target-tags=web
gcloud compute firewall-rules create deny2 --network=default --direction=EGRESS --priority=900 --action=DENY --rules=all --destination-ranges=0.0.0.0/0 --target-tags=db
