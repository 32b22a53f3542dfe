"""Numbers of the access rules of the public pages."""

# Length of an access code (digits).
CODE_DIGITS = 6

# This many failures lock a bill, and likewise an address ...
MAX_FAILURES = 5

# ... for as long as they are younger than this (minutes).
LOCK_MINUTES = 15

# So many wrong codes and links over all bills within the same minutes are an attack
# spread over bills and addresses (system parameter `therapy_portal.max_wrong_codes`).
MAX_FAILURES_ALL = 100

# While the alarm lasts (hours), this many failures close a bill for as long.
ALARM_HOURS = 24
ALARM_FAILURES = 2

# A right number and code open the pages of one bill for this long (minutes).
GRANT_MINUTES = 30

# Up to this many e-mails of one share are handed to the mail server at once; more
# wait for the mail queue.
SEND_NOW_LIMIT = 10

# The documents of a share are made while the sender waits, about a second each.
SHARE_LIMIT = 50
