# The command ga4 with its locked dependencies, as a user without rights.
FROM python:3.11-slim-bookworm
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
COPY ga4_analytics_dbt ./ga4_analytics_dbt
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home ga4 \
    && install -d -o ga4 /workspace
USER ga4
WORKDIR /workspace
CMD ["ga4", "--help"]
