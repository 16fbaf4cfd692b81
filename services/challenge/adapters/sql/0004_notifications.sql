-- How many notifications of a challenge were asked for; the push at its creation is none.
ALTER TABLE challenge.challenge ADD COLUMN notifications integer NOT NULL DEFAULT 0;
ALTER TYPE challenge.challenge_row ADD ATTRIBUTE notifications integer;
