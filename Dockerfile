# The build: everything that makes dist/. Only dist/ is kept of it.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=optional
COPY . .
RUN npm run build

# The dependencies of production. The layer changes with the lockfile only, not with each line of the source.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Prisma brings query compilers for five databases in two sizes; the generated client loads one of them. OpenTelemetry's
# packages bring three builds; Node loads one of them.
RUN npm ci --omit=dev --omit=optional \
  && find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name 'query_compiler_small_bg.postgresql*' -delete \
  && rm -rf node_modules/@opentelemetry/*/build/esm node_modules/@opentelemetry/*/build/esnext \
  && find node_modules -name '*.map' -delete

# The image that runs: no compiler, no tests, no embedded PostgreSQL, no root.
FROM node:24-bookworm-slim
ARG VERSION=1.1.0
LABEL org.opencontainers.image.title="Latchkey" \
      org.opencontainers.image.description="A headless credential service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=dependencies --chown=root:root /app/package.json ./
COPY --from=dependencies --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/dist ./dist
COPY --from=build --chown=root:root /app/bin ./bin
COPY --from=build --chown=root:root /app/prisma ./prisma
RUN ln -s /app/bin/latchkey.cjs /usr/local/bin/latchkey
# By number: Kubernetes cannot tell that a name is not root (runAsNonRoot).
USER 1000:1000
EXPOSE 3000
# A worker needs OPERATIONS_PORT, and a probe of that port. Start it with --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "bin/latchkey.cjs"]
CMD ["serve"]
