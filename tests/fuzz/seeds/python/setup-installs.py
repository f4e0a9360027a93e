from setuptools import setup, find_packages
EXTRA = ["onnx==1.15.0"]
setup(name="x", version="1.0", install_requires=["torch==1.9.0", "numpy>=1.20,<2"], extras_require={"dev": ["pyyaml==5.1"], "o": EXTRA}, setup_requires=["mlflow==2.0.0"], tests_require="gradio==3.0")
