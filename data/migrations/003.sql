-- Domains are found by the status that is shown: deletion, suspension and review stand before
-- that of the life cycle. The expression is that of store/domain.c, to the letter.
DROP INDEX domains_account_status;
CREATE INDEX domains_account_shown ON domains (account_id,
	(CASE WHEN deleted_at IS NOT NULL THEN 'deleted'
	WHEN is_suspended = 1 THEN 'suspended'
	WHEN review_state = 'rejected' THEN 'rejected'
	WHEN status = 'verified' AND review_state NOT IN ('', 'approved') THEN 'review'
	ELSE status END), id);
