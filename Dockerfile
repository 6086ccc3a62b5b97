# The studio in an image, for processors or for NVIDIA's cards:
#   docker build -t memorypack-studio .
#   docker build --build-arg DEVICE=cuda -t memorypack-studio:cuda .
# Both begin with the same small image of Python: PyTorch's wheels bring CUDA's libraries, and the driver is the host's.
ARG DEVICE=cpu

FROM python:3.12-slim AS cpu
RUN pip install --no-cache-dir --root-user-action=ignore "torch==2.13.*" --index-url https://download.pytorch.org/whl/cpu

FROM python:3.12-slim AS cuda
# For profiles that have a model's blocks compiled: Triton builds its driver with a C compiler when it first meets a card.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --root-user-action=ignore "torch==2.13.*" "bitsandbytes>=0.48,<1"

FROM ${DEVICE}
# What changes most often is copied last, so that a change of code installs nothing again.
COPY requirements.txt /app/
RUN pip install --no-cache-dir --root-user-action=ignore -r /app/requirements.txt "argon2-cffi>=23.1,<27" "limits>=4,<6"

# A new volume takes over the owner of the folder that it is mounted on.
RUN useradd --create-home --uid 1000 studio && install -d -o studio -g studio /data/projects /data/models /data/cache

# Everything under /app belongs to root and can be read by all, whatever the modes in the checkout are.
COPY --chmod=755 models /app/models
COPY --chmod=755 assets /app/assets
COPY --chmod=755 presets /app/presets
COPY --chmod=755 studio /app/studio
COPY --chmod=755 app.py LICENSE /app/
RUN python -m compileall -q /app/studio /app/app.py

ENV STUDIO_HOME=/data/projects STUDIO_MODELS=/data/models HF_HOME=/data/cache
VOLUME ["/data/projects", "/data/models", "/data/cache"]
USER studio
WORKDIR /app
EXPOSE 7860
# The first process of a container gets no SIGTERM that it has no handler for; on SIGINT the studio ends as on Ctrl-C.
STOPSIGNAL SIGINT
# Proxies are set aside: they know no page inside the container.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:7860', timeout=8)"]
ENTRYPOINT ["python", "/app/app.py"]
# Inside the container all addresses are served; who reaches them is decided by what `docker run -p` publishes, and by STUDIO_PASSWORD.
CMD ["--host", "0.0.0.0", "--no-password", "--port", "7860", "--no-browser"]
