# docker build -t millrace . && docker run --rm -p 127.0.0.1:8080:8080 -v millrace-data:/data millrace
# Debian, not Alpine: the journal's native module comes ready-built for glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts: the build needs the sources, which change more often than what is installed here.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY examples examples
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["node", "/app/dist/bin/main.js"]
CMD ["start", "--config", "examples/millrace.yaml", "--host", "0.0.0.0", "--data-dir", "/data"]
