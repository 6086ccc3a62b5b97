@echo off
rem Opens the studio. The first start makes .venv and installs what is needed; later starts take seconds.
rem Arguments go to app.py:  launch.bat --port 7870      launch.bat render story.toml -o film.mp4
rem Set TORCH_INDEX to choose another source of PyTorch. On Windows the usual one has no CUDA:
rem with an NVIDIA card, set it to the CUDA address that PyTorch's own page of installation names.
setlocal
set "STATUS=1"
rem other programs set these for their own Python; ours would read the wrong libraries
set "PYTHONHOME="
set "PYTHONPATH="
set "SOUND=import sys; sys.exit(sys.version_info < (3, 11) or sys.maxsize < 2**32)"
cd /d "%~dp0" || goto nowhere

rem an environment stops working when its Python is removed: then it is made again
.venv\Scripts\python.exe -c "%SOUND%" >nul 2>nul || goto environment
fc /b pyproject.toml .venv\installed.toml >nul 2>nul && goto open
goto install

:environment
set "PYTHON="
for %%V in (3.13 3.12 3.11 3) do if not defined PYTHON py -%%V -c "%SOUND%" >nul 2>nul && set "PYTHON=py -%%V"
if not defined PYTHON python -c "%SOUND%" >nul 2>nul && set "PYTHON=python"
if not defined PYTHON (
    echo.
    echo The studio needs Python 3.11 or newer, 64 bit, and none was found.
    echo Install it from https://www.python.org/downloads/ and run launch.bat again.
    goto stop
)
echo Making .venv ...
%PYTHON% -m venv --clear .venv
if errorlevel 1 (
    rmdir /s /q .venv 2>nul
    echo.
    echo Python could not make a virtual environment in this folder. Is it writable, and is there room on the disk?
    echo Close other windows of the studio and run launch.bat again.
    goto stop
)

:install
set "EXTRAS="
set "SOURCE="
where nvidia-smi >nul 2>nul && nvidia-smi >nul 2>nul && set "EXTRAS=[cuda]"
if defined TORCH_INDEX set SOURCE=--extra-index-url "%TORCH_INDEX%"
echo Installing the studio. This happens once; PyTorch is large, it can take some minutes.
.venv\Scripts\python.exe -m pip install --disable-pip-version-check --editable ".%EXTRAS%" %SOURCE%
if errorlevel 1 (
    echo.
    echo The installation stopped; the lines above say why. Often it is the network, a full disk,
    echo or a path longer than Windows allows: then move the folder nearer to the top of the drive.
    echo Run launch.bat again to go on where it stopped.
    goto stop
)
rem tells the next start that nothing has to be installed
copy /y pyproject.toml .venv\installed.toml >nul

:open
.venv\Scripts\python.exe app.py %*
rem not "if errorlevel 1": a crash on Windows is a negative number
set "STATUS=%errorlevel%"
if "%STATUS%"=="0" exit /b 0
goto stop

:nowhere
echo The studio cannot be opened from here. Copy its folder to a drive of this computer and start it there.

:stop
rem a double click opens a window of its own: keep it, so that the message can be read
echo.
if "%~1"=="" pause
exit /b %STATUS%
