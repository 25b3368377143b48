-- What a rebuild has found on AWS so far, place by place, until it is taken over.
CREATE TABLE survey (
    place  @text@ NOT NULL,
    number BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    body   @text@ NOT NULL,
    PRIMARY KEY (place, number)
);
