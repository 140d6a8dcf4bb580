"""Imports the zip into a Superset in an empty folder, and asks it for every chart through its API. Prints the answers as JSON.

A program of its own, run by the Python of another environment: it imports nothing of the product. Arguments: the folder, the zip.
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any


def prepare(folder: Path, archive: Path) -> None:
    """An empty Superset with the dashboard in it."""
    settings = folder / "superset_config.py"
    settings.write_text(
        f"SECRET_KEY = {secrets.token_hex(16)!r}\nSQLALCHEMY_DATABASE_URI = 'sqlite:///{folder}/superset.db'\n"
        "WTF_CSRF_ENABLED = TALISMAN_ENABLED = RATELIMIT_ENABLED = CONTENT_SECURITY_POLICY_WARNING = False\n")
    os.environ.update(SUPERSET_CONFIG_PATH=str(settings), SUPERSET_HOME=str(folder), FLASK_APP="superset.app:create_app")
    superset = str(Path(sys.executable).with_name("superset"))
    admin = ["--username", "admin", "--password", "admin",
             "--firstname", "Test", "--lastname", "Testesen", "--email", "test@example.org"]
    for command in (["db", "upgrade"], ["fab", "create-admin", *admin], ["init"],
                    ["import-dashboards", "--path", str(archive), "--username", "admin"]):
        done = subprocess.run([superset, *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]


def asked(chart: dict[str, Any]) -> dict[str, Any]:
    """The question behind a chart, as Superset's page asks it."""
    params = json.loads(chart["params"])
    columns: list[Any] = [*filter(None, [params.get("x_axis")]), *params.get("groupby", []), *params.get("all_columns", [])]
    if params.get("time_grain_sqla") == "P1M":
        columns = [{"columnType": "BASE_AXIS", "expressionType": "SQL", "label": c, "sqlExpression": c, "timeGrain": "P1M"}
                   for c in columns]
    metrics = [*filter(None, [params.get("metric")]), *params.get("metrics", [])]
    where = " AND ".join(f"({one['sqlExpression']})" for one in params["adhoc_filters"])
    query = {"columns": columns, "metrics": metrics or None, "extras": {"where": where}, "row_limit": 10000, "orderby": []}
    return {"datasource": {"id": chart["datasource_id"], "type": "table"}, "result_format": "json", "result_type": "full",
            "queries": [query]}


def main() -> None:
    folder, archive = Path(sys.argv[1]), Path(sys.argv[2])
    prepare(folder, archive)
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from superset.extensions import db
        from superset.models.slice import Slice

        charts = [{"title": c.slice_name, "params": c.params, "datasource_id": c.datasource_id}
                  for c in db.session.query(Slice).order_by(Slice.slice_name)]
    client = app.test_client()
    token = client.post("/api/v1/security/login", json={
        "username": "admin", "password": "admin", "provider": "db", "refresh": False}).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answers = {}
    for chart in charts:
        answer = client.post("/api/v1/chart/data", json=asked(chart), headers=headers)
        assert answer.status_code == 200, (chart["title"], answer.get_data(as_text=True)[:1000])
        result, = answer.get_json()["result"]
        answers[chart["title"]] = result["data"]
    dashboards = client.get("/api/v1/dashboard/", headers=headers).get_json()["result"]
    print(json.dumps({"dashboards": [d["dashboard_title"] for d in dashboards], "charts": answers}))


if __name__ == "__main__":
    main()
