-- a copy of the database must open no bill and send no shared bill
UPDATE account_move
   SET access_code = NULL, therapy_share_mail_id = NULL
 WHERE access_code IS NOT NULL OR therapy_share_mail_id IS NOT NULL;
DELETE FROM therapy_access_attempt;
DELETE FROM therapy_share_wizard_line;
DELETE FROM therapy_share_wizard;
DELETE FROM therapy_pay_link_wizard_line;
DELETE FROM therapy_pay_link_wizard;
UPDATE therapy_pay_link
   SET state = 'revoked', mail_id = NULL
 WHERE state = 'live' OR mail_id IS NOT NULL;
UPDATE therapy_share_item
   SET state = 'refused', reason = 'neutralized'
 WHERE state = 'waiting';
UPDATE therapy_receipt_address
   SET state = 'waiting', token_hash = NULL;
UPDATE therapy_contact_change
   SET state = 'replaced'
 WHERE state = 'waiting';
