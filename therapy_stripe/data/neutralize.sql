-- a copy of the database can never charge: no keys, no endpoint, no saved cards
UPDATE payment_provider
   SET state = 'disabled',
       therapy_stripe_webhook_secret_previous = NULL,
       therapy_stripe_webhook_ref = NULL,
       therapy_stripe_api_base = NULL,
       therapy_stripe_js_url = NULL
 WHERE code = 'stripe';
UPDATE payment_token
   SET active = false
 WHERE provider_id IN (SELECT id FROM payment_provider WHERE code = 'stripe');
