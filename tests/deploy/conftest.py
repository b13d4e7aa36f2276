def pytest_addoption(parser):
    parser.addoption("--image", required=True, help="the directory of scripts/run-dockerfile")
