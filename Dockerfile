# Builds one static binary and puts nothing else beside it than the authorities AWS's
# certificates are checked against. Time zones are inside the binary.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/holdfast ./cmd/holdfast \
    && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/holdfast /holdfast
# Where an SQLite catalog lives; mount a volume here to keep it.
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /data
USER 65532:65532
EXPOSE 8484
ENTRYPOINT ["/holdfast"]
CMD ["--help"]
