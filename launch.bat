@echo off
rem Opens the studio. The first start makes .venv and installs what is needed; later starts take seconds.
rem Arguments go to app.py:  launch.bat --port 7870      launch.bat render story.toml -o film.mp4
rem Set TORCH_INDEX to choose another source of PyTorch. On Windows the usual one has no CUDA:
rem with an NVIDIA card, set it to the CUDA address that PyTorch's own page of installation names.
setlocal
cd /d "%~dp0"
fc /b pyproject.toml .venv\installed.toml >nul 2>nul && goto open

set "PYTHON="
for %%V in (3.13 3.12 3.11) do if not defined PYTHON py -%%V -c "" >nul 2>nul && set "PYTHON=py -%%V"
if not defined PYTHON python -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>nul && set "PYTHON=python"
if not defined PYTHON (
    echo.
    echo The studio needs Python 3.11 or newer, and none was found.
    echo Install it from https://www.python.org/downloads/ and run launch.bat again.
    goto stop
)

if not exist .venv\Scripts\python.exe (
    echo Making .venv ...
    %PYTHON% -m venv .venv || (
        echo.
        echo Python could not make a virtual environment in this folder. Is it writable, and is there room on the disk?
        goto stop
    )
)

set "EXTRAS="
set "SOURCE="
where nvidia-smi >nul 2>nul && nvidia-smi >nul 2>nul && set "EXTRAS=[cuda]"
if defined TORCH_INDEX set "SOURCE=--extra-index-url %TORCH_INDEX%"
echo Installing the studio. This happens once; PyTorch is large, it can take some minutes.
.venv\Scripts\python.exe -m pip install --disable-pip-version-check --editable ".%EXTRAS%" %SOURCE%
if errorlevel 1 (
    echo.
    echo The installation stopped; the lines above say why. Often it is the network or a full disk.
    echo Run launch.bat again to go on where it stopped.
    goto stop
)
copy /y pyproject.toml .venv\installed.toml >nul

:open
.venv\Scripts\python.exe app.py %*
if not errorlevel 1 exit /b 0

:stop
rem a double click opens a window of its own: keep it, so that the message can be read
echo.
pause
exit /b 1
