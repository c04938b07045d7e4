"""Coming from mlflow: its folder ``mlruns`` and its ``mlflow.db``, read without mlflow and brought into a store.

Both are read as plain data (`database`, `folder`), turned into the rows of a store (`rows`) and united with it by the
same rules and the same code as two stores are, so that doing it again brings only what is new.
"""
