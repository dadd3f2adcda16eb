"""Keys of several env files: of one mode and one account, unless the files' names keep them apart."""

from __future__ import annotations

import pytest

from stripe_audit.source.env_sets import env_files_below, mixed_sets

HERE, THERE = "51Here0Here0Here0A" + "x" * 24, "51Away0Away0Away0B" + "y" * 24
TEST, LIVE, OTHER = f"SK=sk_test_{HERE}", f"PK=pk_live_{HERE}", f"PK=pk_test_{THERE}"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({".env": TEST, "frontend/.env": f"PK=pk_test_{HERE}"}, []),
        ({".env": TEST, "frontend/.env": LIVE}, [("modes", 2)]),
        ({".env": TEST, "frontend/.env": OTHER}, [("accounts", 2)]),
        ({".env": TEST, ".env.production": LIVE}, []),
        ({".env": TEST, ".env.production": f"SK=sk_test_{HERE}"}, [("stage", 1)]),
        ({".env.development": LIVE}, [("stage", 1)]),
        ({".env.production": LIVE, "web/.env.production.local": f"PK=pk_live_{THERE}"}, [("accounts", 2)]),
        ({".env": TEST, "web/.env": f"STRIPE_LIVE_PK=pk_live_{HERE}"}, []),  # its name keeps it apart
        ({".env": f"{TEST}\n{LIVE}", "web/.env": LIVE}, []),  # a matter of one file
        ({".env": TEST, ".env.example": LIVE, "node_modules/x/.env": LIVE, "a/b/c/d/.env": LIVE}, []),
        ({".env": "PORT=3001"}, []),
    ],
)
def test_what_does_not_belong_together(tmp_path, files, found):
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    mixed = list(mixed_sets(env_files_below(tmp_path)))
    assert [(one.kind, len(one.files)) for one in mixed] == found
