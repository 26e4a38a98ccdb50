-- Mails on their way out. They are kept where no mail server is set up.

-- room: mail
CREATE TABLE mail (
  id UUID PRIMARY KEY,
  -- On whose behalf it is: those who may see mails there see it.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- Such as `invitation`.
  kind TEXT NOT NULL,
  -- What it is sent for, such as `invitation:…:1`: one cause is one mail.
  cause TEXT NOT NULL,
  -- Fixed when the mail is written: however often it is sent, it stays the same mail.
  message_id TEXT NOT NULL,
  -- The name it comes under; the address is the server's. Empty for the server's own.
  sender TEXT NOT NULL,
  to_address TEXT NOT NULL,
  to_name TEXT NOT NULL,
  reply_to TEXT,
  subject TEXT NOT NULL,
  -- Text and HTML, sealed with the key that is not in the database: a body may hold links and codes.
  body TEXT NOT NULL,
  -- Who may read the body, of those who may see the mail: "all", "none", or those who hold all of a list of permissions.
  readers JSON NOT NULL,
  -- `sending` from before the mail server is spoken to until its answer is written down: whoever finds it so
  -- later does not know whether it left.
  state TEXT NOT NULL CHECK (state IN ('kept', 'queued', 'sending', 'sent', 'failed')),
  -- How often it was tried since somebody last told it to be sent.
  attempts BIGINT NOT NULL,
  -- How often it was sent again because nobody knew whether it had left.
  resent_unknown BIGINT NOT NULL,
  -- Not before this instant. While it is being sent: when another may take it over.
  due_at TIMESTAMP NOT NULL,
  -- Drawn anew whenever it is taken: who lost it writes nothing any more.
  worker UUID,
  begun_at TIMESTAMP,
  sent_at TIMESTAMP,
  -- The last words of the mail server, or why there were none.
  answer TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  -- Counts what people did to it. What becomes of it on its way is no change to the book.
  version BIGINT NOT NULL,
  CONSTRAINT mail_once UNIQUE (cause),
  CONSTRAINT mail_message_once UNIQUE (message_id),
  CONSTRAINT mail_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX mail_due ON mail (due_at, id) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_by_organization ON mail (organization_id, id);

-- room: mail
CREATE TABLE mail_attachment (
  id UUID PRIMARY KEY,
  mail_id UUID NOT NULL REFERENCES mail (id),
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  content BYTES NOT NULL,
  CONSTRAINT mail_attachment_once UNIQUE (mail_id, position)
);

-- room: mail
CREATE SEARCH mail_search;
