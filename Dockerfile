# Nothing but the program, which needs no library. The folder to build it from, target/image, is made by .ci/archives.
FROM scratch
ARG TARGETARCH
COPY ${TARGETARCH}/fwlint /usr/bin/fwlint
WORKDIR /src
ENTRYPOINT ["/usr/bin/fwlint"]
