"""Secrets go, everything else stays: a corpus of both, plus laws that hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.tracking.named_secrets import MARK
from nbtrack.tracking.redaction import redact, redact_params

A36 = "aB3dE5gH7jK9mN1pQ3sT5vW7xZ9bC1dF3hJ5"
HEX32 = "0123456789abcdef0123456789abcdef"
HEX40 = HEX32 + "01234567"
HEX64 = HEX32 * 2
PEM_BODY = "MIIEpAIBAAKCAQEA7bq8\nKx9dJ2mQ3vZ1\n"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9"

# Each: text, the part that must not survive.
SECRETS = [
    (f"ghp_{A36}", A36),
    (f"gho_{A36}", A36),
    (f"token: ghs_{A36},", A36),
    (f"github_pat_11ABCDEFG0{A36}_{A36}", A36),
    ("glpat-x1Y2z3A4b5C6d7E8f9G0", "x1Y2z3A4b5C6d7E8f9G0"),
    (f"openai.api_key = 'sk-{A36}{A36[:12]}'", A36),
    (f"sk-proj-{A36}_{A36}-x", A36),
    (f"sk-ant-api03-{A36}-{A36}AA", A36),
    (f"sk-or-v1-{HEX64}", HEX64),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("AWS_SESSION_TOKEN=FwoGZXIvYXdzEBYaDHh1c2VyMTIzNDU2Nzg5MA", "FwoGZXIvYXdz"),
    ("AIzaSyA1B2C3D4E5F6G7H8I9J0K1L2M3N4O5P6Q", "SyA1B2C3D4"),
    ("ya29.a0AfH6SMBx1Y2z3A4b5C6d7E8f9G0", "a0AfH6SMBx1Y2"),
    ("GOCSPX-x1Y2z3A4b5C6d7E8f9G0h1I2", "x1Y2z3A4b5C6"),
    ("xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx", "AbCdEfGhIjKl"),
    ("https://hooks.slack.com/services/T00000000/B00000000/XXXXabcd1234XXXXabcd1234", "XXXXabcd1234"),
    ("stripe.api_key = 'sk_live_51H8abcDEFghiJKLmno'", "51H8abcDEFghi"),
    (f"HF_TOKEN=hf_{A36[:34]}", A36[:30]),
    (f"login(token='hf_{A36[:34]}')", A36[:30]),
    (f"wandb.login(key='{HEX40}')", HEX40),
    (f"wandb.login('{HEX40}')", HEX40),
    (f"WANDB_API_KEY={HEX40}", HEX40),
    (f"os.environ['WANDB_API_KEY'] = '{HEX40}'", HEX40),
    (f'os.environ.setdefault("OPENAI_API_KEY", "{A36}")', A36),
    (f"%env COMET_API_KEY={A36[:25]}", A36[:25]),
    ("%env DB_PASSWORD swordfish", "swordfish"),
    ("SG.x1Y2z3A4b5C6d7E8f9G0h1.x1Y2z3A4b5C6d7E8f9G0h1I2j3K4l5M6n7O8p9Q0r1S", "x1Y2z3A4"),
    (f"//registry.npmjs.org/:_authToken=npm_{A36}", A36),
    (f"pypi-AgEIcHlwaS5vcmc{A36}{A36}", A36),
    (f"dop_v1_{HEX64}", HEX64),
    (f"shpat_{HEX32}", HEX32),
    (f"dapi{HEX32}", HEX32),
    (f"r8_{A36}x", A36),
    (f"gsk_{A36}{A36[:16]}", A36),
    (JWT, "eyJzdWIi"),
    (f"Authorization: Bearer {JWT}", "eyJzdWIi"),
    ('headers = {"Authorization": "Bearer abcdef0123456789abcdef"}', "abcdef0123456789abcdef"),
    ('headers={"Authorization": "Basic dXNlcjpwYXNzd29yZA=="}', "dXNlcjpwYXNz"),
    ("curl -H 'Authorization: token 0123456789abcdef0123'", "0123456789abcdef0123"),
    ("curl -H 'X-Api-Key: q1w2e3r4t5y6u7i8'", "q1w2e3r4t5y6u7i8"),
    (f"-----BEGIN RSA PRIVATE KEY-----\n{PEM_BODY}-----END RSA PRIVATE KEY-----", "MIIEpAIB"),
    (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PEM_BODY}-----END OPENSSH PRIVATE KEY-----", "Kx9dJ2mQ3vZ1"),
    (f'"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQ{A36}\\n-----END PRIVATE KEY-----\\n"', "MIIEvQ"),
    (f"-----BEGIN EC PRIVATE KEY-----\n{PEM_BODY}", "MIIEpAIB"),
    ("postgresql://ann:s3cret@db.example.com:5432/x", "s3cret"),
    ("create_engine('mysql+pymysql://root:hunter2@localhost/db')", "hunter2"),
    ("redis://:p4ssw0rd@cache:6379/0", "p4ssw0rd"),
    ("mongodb+srv://user:pa/ss@cluster0.mongodb.net", "pa/ss"),
    ("https://user:p%40ss@example.com/repo.git", "p%40ss"),
    (f"https://x-access-token:ghs_{A36}@github.com/a/b.git", A36),
    (f"https://{A36}@dev.azure.com/org/_git/repo", A36),
    ("https://api.example.com/v1?user=ann&api_key=q1w2e3r4t5", "q1w2e3r4t5"),
    ("https://acc.blob.core.windows.net/c?sv=2022&sig=Ab12%2FCd34Ef56", "Ab12%2FCd34Ef56"),
    ("s3://b/k?X-Amz-Signature=" + HEX64, HEX64),
    ("AccountName=a;AccountKey=Ab1/Cd2+Ef3Gh4Ij5==;EndpointSuffix=core", "Ab1/Cd2+Ef3Gh4Ij5"),
    ("Server=db;User Id=sa;Password=swordfish;", "swordfish"),
    ("password = 'hunter2'", "hunter2"),
    ('password="correct horse battery staple"', "correct horse"),
    ("db_password: str = 'hunter2'", "hunter2"),
    ("dbPassword = 'hunter2'", "hunter2"),
    ("PGPASSWORD=swordfish psql", "swordfish"),
    ("export POSTGRES_PASSWORD=swordfish", "swordfish"),
    ("      POSTGRES_PASSWORD: swordfish", "swordfish"),
    ("password: swordfish", "swordfish"),
    ('{"user": "ann", "password": "hunter2"}', "hunter2"),
    ('"{\\"password\\": \\"hunter2\\"}"', "hunter2"),
    ("connect(user='ann', passwd='hunter2')", "hunter2"),
    ("if password == 'hunter2':", "hunter2"),
    ("SECRET_KEY = 'django-insecure-#x1y2z3'", "django-insecure"),
    ("client_secret='abc~123DEF'", "abc~123DEF"),
    ("passphrase = '''open sesame'''", "open sesame"),
    ("train.py --password hunter2 --lr 0.1", "hunter2"),
    ("train.py --api-key=q1w2e3r4t5y6u7 --lr 0.1", "q1w2e3r4t5y6u7"),
    ("auth_token = 'q1w2e3r4t5y6u7i8'", "q1w2e3r4t5y6u7i8"),
    ("token='q1w2e3r4t5y6u7i8o9p0'", "q1w2e3r4t5y6u7i8o9p0"),
    ("Subscription-Key: 'q1w2e3r4t5y6u7i8'", "q1w2e3r4t5y6u7i8"),
    ("bot = Bot('123456789:AAF1abcdefghijklmnopqrstuvwxyz12345')", "AAF1abcdefghijkl"),
    (f"SK{HEX32}", HEX32),
    (f"hvs.{A36}", A36),
    (f"figd_{A36}", A36),
    (f"dckr_pat_{A36[:27]}", A36[:27]),
    (f"lin_api_{A36}Ab12", A36),
    ("PMAK-0123456789abcdef01234567-0123456789abcdef0123456789abcdef01", "0123456789abcdef01234567"),
    (f"sbp_{HEX40}", HEX40),
]

INNOCENT = [
    "lr = 0.01; batch_size = 32; epochs: int = 3",
    "model = 'resnet50'",
    f"run {HEX32} finished",
    f"commit {HEX40}",
    f"sha256:{HEX64}",
    f"digest = '{HEX64}'",
    f"run_id = '{HEX32}'",
    f"key = '{HEX32}'",
    "3f2c9e0a-1b2c-4d5e-8f90-a1b2c3d4e5f6",
    "1795412345678901",
    "token = os.environ['API_TOKEN']",
    "api_key = os.getenv('OPENAI_API_KEY')",
    "password = getpass.getpass()",
    "password = getpass('Password: ')",
    "api_key=api_key",
    "api_key=settings.api_key",
    "secret = None",
    "use_auth_token=True",
    "token=False",
    "password: str",
    "password: str | None = None",
    "api_key: SecretStr",
    "def login(user, password):",
    "max_tokens=512",
    "token_count = 10000",
    "num_tokens: 1234567890123",
    "tokens_per_second 123.4",
    "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
    "tokenizer='Qwen2.5-7B-Instruct-v1'",
    "pad_token='<pad>'",
    "eos_token='<|endoftext|>'",
    "mask_token='[MASK]'",
    "cls_token_id=101",
    "token_type='word2vec300dimensions'",
    "token = tokens[i]",
    "token = 'hello'",
    "next_token = 'q1w2e3r4t5y6u7'",
    "primary_key='id'",
    "sort_key = 'created_at'",
    "public_key = 'ssh-rsa AAAAB3Nza'",
    "password_min_length=8",
    "secret_name='db-credentials'",
    "password_file = '/run/secrets/db'",
    "secrets_path='/run/secrets/db1a2b3c'",
    "credentials = 'path/to/credentials.json'",
    "credential_path='~/.aws/credentials'",
    "GOOGLE_APPLICATION_CREDENTIALS=/home/ann/key1.json",
    "PWD=/root/work/nbtrack",
    "pwd",
    "compass = 'north'",
    "passed=12 failed=0",
    "keyboard = 'qwerty123456'",
    "monkey = 'q1w2e3r4t5y6u7i8'",
    "password='<your password>'",
    "password = '***'",
    "api_key = 'YOUR_API_KEY'",
    "api_key='your-api-key-here'",
    "password='${DB_PASSWORD}'",
    "f'postgresql://{user}:{password}@{host}/db'",
    "postgresql://db.example.com:5432/x",
    "postgresql://ann@db.example.com/x",
    "http://localhost:8888/lab?x=1",
    "http://localhost:8080/a@b",
    "git@github.com:owner/repo.git",
    "https://github.com/owner/repo.git",
    "ssh://git@github.com/owner/repo.git",
    "mail ann@example.com: done",
    "bearer of good news",
    "the bearer: someone",
    "sk-learn pipeline",
    "sk-learn-pipeline-with-a-very-long-name",
    "from sklearn.linear_model import LogisticRegression",
    "hf_dataset = load_dataset('glue', 'mrpc')",
    "key-value store",
    "https://example.com/?key=a&page=2",
    "https://example.com/?sort=token",
    "import secrets; secrets.token_hex(16)",
    "SG.shape, SG.dtype",
    "eyJ is how base64 JSON begins",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBg\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\nMIIBIjANBg\n-----END CERTIFICATE-----",
    "loss 0.3123 acc 0.9134 step 100/1000 [00:12<01:40, 8.97it/s]",
    "ValueError: shapes (3,4) and (5,6) not aligned",
    "array([0.123, 4.5e-06, 7.89])",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "['password', 'email', 'name']",
    "print('password', user)",
    "assert 'token' in response",
    "The password is wrong",
    "passphrase",
    "",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=range(len(SECRETS)))
def test_a_secret_goes(text, secret):
    cleaned = redact(text)
    assert secret not in cleaned
    assert MARK in cleaned


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text
    assert redact(f"before\n{text}\nafter") == f"before\n{text}\nafter"


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=range(len(SECRETS)))
def test_a_secret_goes_in_the_middle_of_a_text(text, secret):
    assert secret not in redact(f"import os\n\n{text}\n\nlr = 0.1\n")


@pytest.mark.parametrize("text", [text for text, _ in SECRETS], ids=range(len(SECRETS)))
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


def test_the_corpus_is_large_enough():
    assert len(SECRETS) >= 60
    assert len(INNOCENT) >= 60


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (f"ghp_{A36}", "ghp_…redacted"),
        ("postgresql://ann:s3cret@db/x", "postgresql://ann:…redacted@db/x"),
        ("password = 'hunter2'  # mine", "password = '…redacted'  # mine"),
        ("Server=db;Password=swordfish;Port=1", "Server=db;Password=…redacted;Port=1"),
        (
            f"-----BEGIN PRIVATE KEY-----\n{PEM_BODY}-----END PRIVATE KEY-----\nx",
            "-----BEGIN PRIVATE KEY-----…redacted-----END PRIVATE KEY-----\nx",
        ),
    ],
)
def test_the_shape_stays(text, shape):
    assert redact(text) == shape


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_is_redacted_once_and_for_all(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.timeout(60)
def test_a_megabyte_is_read_in_one_go():
    line = "step 12 loss=0.31234 token_count=512 key=abc https://example.com/x?y=1 d41d8cd98f00b204e9800998ecf8427e\n"
    text = line * (1_000_000 // len(line))
    assert redact(text) == text


@pytest.mark.parametrize(
    "unit", ["a", "password", "token=", "://", "sk-", "eyJ", "-----BEGIN PRIVATE KEY-----", "key='"]
)
@pytest.mark.timeout(60)
def test_no_text_makes_a_pattern_try_every_way(unit):
    text = unit * (200_000 // len(unit))
    assert len(redact(text)) <= len(text) * 2


# ---------------------------------------------------------------- params


@pytest.mark.parametrize(
    "name", ["password", "db_password", "openai_api_key", "apiKey", "client-secret", "SECRET", "dbPasswd"]
)
def test_a_param_with_the_name_of_a_secret_is_redacted(name):
    assert redact_params({name: "swordfish"}) == {name: MARK}


def test_a_param_that_holds_a_token_keeps_its_beginning():
    assert redact_params({"note": f"use ghp_{A36}"}) == {"note": "use ghp_…redacted"}


def test_a_param_with_a_weak_name_is_redacted_when_it_looks_random():
    assert redact_params({"hf_token": "q1w2e3r4t5y6u7i8o9", "token": "hello"}) == {"hf_token": MARK, "token": "hello"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", "0.01"),
        ("max_tokens", "512"),
        ("token", "12345678901234567890"),
        ("password", None),
        ("secret", 42),
        ("api_key", ""),
        ("pad_token", "q1w2e3r4t5y6u7"),
        ("dataset_digest", HEX64),
        ("run_id", HEX32),
        ("password_file", "/run/secrets/db"),
        ("tokenizer", "Qwen2.5-7B-Instruct"),
    ],
)
def test_other_params_stay(name, value):
    assert redact_params({name: value}) == {name: value}
