-- The last valid effective policy of each target of an organization, as JSON: it stays in
-- force while the policies attached there are invalid.
CREATE TABLE valid_policies (
    target   @text@ NOT NULL PRIMARY KEY,
    document @text@ NOT NULL
);
