"""GPU models: what is known of each GPU that the package can name."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from dumont_economy.data.shipped_rows import shipped_rows


@dataclass(frozen=True, slots=True)
class GpuModel:
    """One GPU model; a figure that is not known is None.

    Models with one `chip` are the same silicon in another form factor or with another memory
    size. Memory in GiB, bandwidth in GB/s, throughput in TFLOPS (dense FP16 with FP32
    accumulation).
    """

    name: str
    chip: str
    vendor: str
    memory_gib: Decimal
    memory_bandwidth_gbps: Decimal | None
    fp16_dense_tflops: Decimal | None
    form_factor: str


@cache
def shipped_gpu_models() -> Mapping[str, GpuModel]:
    """Return the GPU models that the package ships, by canonical name."""
    models = map(_model, shipped_rows("gpu_models.csv"))
    return MappingProxyType({model.name: model for model in models})


def _model(row: Mapping[str, str]) -> GpuModel:
    return GpuModel(
        name=row["gpu_model"],
        chip=row["chip"],
        vendor=row["vendor"],
        memory_gib=Decimal(row["memory_gib"]),
        memory_bandwidth_gbps=_figure(row["memory_bandwidth_gbps"]),
        fp16_dense_tflops=_figure(row["fp16_dense_tflops"]),
        form_factor=row["form_factor"],
    )


def _figure(text: str) -> Decimal | None:
    return Decimal(text) if text else None
