"""A JupyterLab or Notebook server on loopback, driven through a real browser."""
