-- A copy of the database never charges anybody: no saved card, no try under way.
UPDATE payment_token
   SET active = false;
UPDATE therapy_payment_allocation
   SET live = false;
UPDATE payment_transaction
   SET state = 'cancel', is_post_processed = true
 WHERE state IN ('draft', 'pending', 'authorized');
UPDATE therapy_charge_run
   SET state = 'stopped'
 WHERE state IN ('running', 'waiting', 'paused');
